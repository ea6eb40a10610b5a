package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/npy"
	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/record"
)

//go:embed fid_reference.py
var fidReference string

// turnTime is how long a tool repeats its function in a round. The Python side repeats as long.
const turnTime = time.Second / 2

// fidBench times functions of this project beside those of a Python process.
type fidBench struct {
	Report
	numbers string // file that both sides read
	python  *peer
	stdout  io.Writer
}

// fid times FID's linear algebra on random features and leaves fid.json and fid.md.
func fid(ctx context.Context, o options, stdout, stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "fid")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	runtime.GOMAXPROCS(o.threads)
	env := []string{fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", o.threads), fmt.Sprintf("OMP_NUM_THREADS=%d", o.threads)}
	python, versions, err := start(ctx, cmp.Or(o.python, "python3"), "numpy, scipy and clean-fid", fidReference, nil, env, stderr)
	if err != nil {
		return err
	}
	defer python.close()
	b := fidBench{numbers: filepath.Join(folder, "numbers.npz"), python: python, stdout: stdout, Report: Report{
		Title: "linear algebra", Unit: "seconds", Rounds: o.rounds, Environment: record.NewEnvironment("", "", ""),
		Notes: []string{fmt.Sprintf("%d threads, kernel %s; %s. A turn is as many calls as half a second holds.", o.threads, dense.Kernel(), versions)},
	}}
	b.Environment.Device = b.Environment.CPU
	for _, d := range o.dims {
		if err := b.distance(ctx, d); err != nil {
			return err
		}
	}
	if o.images > 0 {
		if err := b.covariance(ctx, o.images, o.dims[len(o.dims)-1]); err != nil {
			return err
		}
	}
	return b.write(o.out, "fid", stdout) // only a whole report replaces the one before
}

// distance times FID of two statistics.
func (b *fidBench) distance(ctx context.Context, d int) error {
	var stats [2]eval.Stats
	var members []npy.Member
	for i := range stats {
		var err error
		if stats[i], err = eval.NewStats(features(int64(i+1), 2*d, d)); err != nil {
			return err
		}
		members = append(members, npy.As(fmt.Sprint("mean", i+1), npy.Array[float64]{Shape: []int{d}, Data: stats[i].Mean}),
			npy.As(fmt.Sprint("cov", i+1), npy.Array[float64]{Shape: []int{d, d}, Data: mat.DenseCopyOf(stats[i].Cov).RawMatrix().Data}))
	}
	if err := npy.WriteArchive(b.numbers, members...); err != nil {
		return err
	}
	return b.compare(ctx, fmt.Sprintf("FID of two statistics, d = %d", d), func() (float64, error) { return eval.FID(stats[0], stats[1]) },
		"clean-fid's frechet_distance", "scipy's sqrtm alone")
}

// covariance times mean and covariance of many features.
func (b *fidBench) covariance(ctx context.Context, images, d int) error {
	f := features(1, images, d)
	if err := npy.WriteArchive(b.numbers, npy.As("features", npy.Array[float32]{Shape: []int{images, d}, Data: f.Data})); err != nil {
		return err
	}
	return b.compare(ctx, fmt.Sprintf("mean and covariance of %d images, d = %d", images, d), func() (float64, error) {
		s, err := eval.NewStats(f)
		if err != nil {
			return 0, err
		}
		return mat.Trace(s.Cov) + floats.Sum(s.Mean), nil
	}, "numpy's mean and cov")
}

// compare lets functions of Python, by name, and ours take turns on the numbers.
func (b *fidBench) compare(ctx context.Context, task string, ours func() (float64, error), theirs ...string) error {
	var tools []tool
	for _, name := range theirs {
		tools = append(tools, tool{task, name, false, func(int) (took, value float64, err error) {
			var answer struct{ Took, Value float64 }
			err = b.python.ask([]string{name, b.numbers}, &answer)
			return answer.Took, answer.Value, err
		}})
	}
	tools = append(tools, tool{task, "this project", false, func(int) (float64, float64, error) { return repeat(ours) }})
	return b.takeTurns(ctx, b.stdout, 1, tools...)
}

// repeat calls f until its turn has passed, so that collecting its garbage counts too, and returns the mean time of a call.
func repeat(f func() (float64, error)) (took, value float64, err error) {
	runtime.GC()
	began, calls := time.Now(), 0
	for elapsed := time.Duration(0); elapsed < turnTime && err == nil; elapsed = time.Since(began) {
		value, err = f()
		calls++
	}
	return time.Since(began).Seconds() / float64(calls), value, err
}

// features are like a network's last activations: positive, correlated, of many sizes.
func features(seed int64, n, d int) eval.Features {
	r := rng.New(seed, "fid", d)
	f := eval.Features{N: n, D: d, Data: make([]float32, n*d)}
	for i := range n {
		row, common := f.Row(i), r.NormFloat64()
		for j := range row {
			v := r.NormFloat64() + common*math.Sin(float64(j)) + .2*float64(seed)
			row[j] = float32(max(v, 0) * math.Exp2(-8*float64(j)/float64(d)))
		}
	}
	return f
}
