package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/record"
)

//go:embed fid_reference.py
var fidReference string

// fidBench is this project and a Python process that waits while ours computes.
type fidBench struct {
	options
	folder string // of the numbers that both read
	ref    *peer
	out    io.Writer
}

// fid times FID's linear algebra and leaves fid.json and fid.md.
func fid(ctx context.Context, o options, stdout, stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "fid")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	runtime.GOMAXPROCS(o.threads)
	env := []string{fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", o.threads), fmt.Sprintf("OMP_NUM_THREADS=%d", o.threads)}
	r := FIDReport{Environment: record.NewEnvironment("", "", ""), Kernel: dense.Kernel(), Threads: o.threads, Rounds: o.rounds, LoadBefore: load()}
	b := fidBench{options: o, folder: folder, out: stdout}
	if b.ref, err = start(ctx, cmp.Or(o.python, "python3"), "numpy, scipy and clean-fid", fidReference, nil, env, stderr, &r.Versions); err != nil {
		return err
	}
	defer b.ref.close()
	for _, d := range o.dims {
		row, err := b.distance(ctx, d)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, row)
	}
	if o.images > 0 {
		row, err := b.covariance(ctx, o.dims[len(o.dims)-1])
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, row)
	}
	r.LoadAfter = load()
	return write(o.out, "fid", r, stdout) // only a whole report replaces the one before
}

// distance times FID of two statistics.
func (b fidBench) distance(ctx context.Context, d int) (row FIDRow, err error) {
	var stats [2]eval.Stats
	for i := range stats {
		if stats[i], err = eval.NewStats(features(int64(i+1), 2*d, d)); err != nil {
			return row, err
		}
	}
	x, y := stats[0], stats[1]
	if err := writeRaw(filepath.Join(b.folder, "mean.raw"), x.Mean, y.Mean); err != nil {
		return row, err
	}
	if err := writeRaw(filepath.Join(b.folder, "cov.raw"), square(x.Cov), square(y.Cov)); err != nil {
		return row, err
	}
	return b.takeTurns(ctx, "FID of two statistics", d, func() (float64, error) { return eval.FID(x, y) }, "sqrtm", "clean-fid")
}

// covariance times mean and covariance of many features.
func (b fidBench) covariance(ctx context.Context, d int) (FIDRow, error) {
	f := features(1, b.images, d)
	if err := writeRaw(filepath.Join(b.folder, "features.raw"), f.Data); err != nil {
		return FIDRow{}, err
	}
	return b.takeTurns(ctx, fmt.Sprintf("mean and covariance of %d images", b.images), d, func() (float64, error) {
		s, err := eval.NewStats(f)
		if err != nil {
			return 0, err
		}
		return mat.Trace(s.Cov) + floats.Sum(s.Mean), nil
	}, "covariance")
}

// takeTurns lets all tools take turns, and refuses numbers that differ.
func (b fidBench) takeTurns(ctx context.Context, what string, d int, ours func() (float64, error), tools ...string) (FIDRow, error) {
	row := FIDRow{What: what, D: d, Turns: map[string][]Turn{}}
	for round := range b.rounds {
		t, err := takeTurn(ours)
		if err != nil {
			return row, err
		}
		row.Turns["ours"] = append(row.Turns["ours"], t)
		for _, tool := range tools {
			if err := ctx.Err(); err != nil {
				return row, err
			}
			request, err := json.Marshal(map[string]any{"what": tool, "folder": b.folder, "d": d})
			if err != nil {
				return row, err
			}
			var theirs Turn
			if err := b.ref.ask(string(request), &theirs); err != nil {
				return row, fmt.Errorf("%s: %w", tool, err)
			}
			if math.Abs(theirs.Value-t.Value) > 1e-6*math.Abs(t.Value) {
				return row, fmt.Errorf("%s, d = %d: %.12g here, %.12g by %s, want the same", what, d, t.Value, theirs.Value, tool)
			}
			row.Turns[tool] = append(row.Turns[tool], theirs)
		}
		fmt.Fprintf(b.out, "%s, d = %d: round %d of %d\n", what, d, round+1, b.rounds)
	}
	return row, nil
}

// load is the machine's load average over the last minute, as /proc has it; empty elsewhere.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
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

func square(s *mat.SymDense) []float64 { return mat.DenseCopyOf(s).RawMatrix().Data }

func writeRaw[T float32 | float64](name string, parts ...[]T) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, part := range parts {
		for from := 0; from < len(part); from += 1 << 20 {
			var b bytes.Buffer
			if err := binary.Write(&b, binary.NativeEndian, part[from:min(from+1<<20, len(part))]); err != nil {
				return err
			}
			if _, err := file.Write(b.Bytes()); err != nil {
				return err
			}
		}
	}
	return file.Close()
}
