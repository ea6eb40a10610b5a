package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/rng"
)

// Timing is the mean of the calls of one turn: seconds by the clock, seconds of all processors, and the number that came out.
type Timing struct {
	Wall  float64 `json:"wall"`
	CPU   float64 `json:"cpu"`
	Calls int     `json:"calls"`
	Value float64 `json:"value"`
}

// turn is how long a tool calls its function again before another one gets the cores.
const turn = time.Second / 2

// measure calls f until a turn has passed, so that collecting its garbage counts too.
func measure(f func() (float64, error)) (t Timing, err error) {
	runtime.GC()
	cpu, began := processor(), time.Now()
	for elapsed := time.Duration(0); elapsed < turn && err == nil; elapsed = time.Since(began) {
		t.Value, err = f()
		t.Calls++
	}
	n := float64(t.Calls)
	t.Wall, t.CPU = time.Since(began).Seconds()/n, (processor()-cpu)/n
	return t, err
}

// processor is how many seconds this process has computed.
func processor() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return math.NaN()
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
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
	r := rng.New(seed, "fidspeed", d)
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

// distance times FID of two statistics.
func distance(ctx context.Context, o options, folder string, d int, ref *reference, out io.Writer) (Row, error) {
	a, err := eval.NewStats(features(1, 2*d, d))
	if err != nil {
		return Row{}, err
	}
	b, err := eval.NewStats(features(2, 2*d, d))
	if err != nil {
		return Row{}, err
	}
	if err := write(filepath.Join(folder, "mean.raw"), a.Mean, b.Mean); err != nil {
		return Row{}, err
	}
	if err := write(filepath.Join(folder, "cov.raw"), square(a.Cov), square(b.Cov)); err != nil {
		return Row{}, err
	}
	row := Row{What: "FID of two statistics", D: d, Timings: map[string][]Timing{}}
	return row, row.rounds(ctx, o.rounds, out, func() (float64, error) { return eval.FID(a, b) }, ref, folder, "sqrtm", "clean-fid")
}

// covariance times mean and covariance of many features.
func covariance(ctx context.Context, o options, folder string, d int, ref *reference, out io.Writer) (Row, error) {
	f := features(1, o.images, d)
	if err := write(filepath.Join(folder, "features.raw"), f.Data); err != nil {
		return Row{}, err
	}
	row := Row{What: fmt.Sprintf("mean and covariance of %d images", o.images), D: d, Timings: map[string][]Timing{}}
	return row, row.rounds(ctx, o.rounds, out, func() (float64, error) {
		s, err := eval.NewStats(f)
		if err != nil {
			return 0, err
		}
		sum := mat.Trace(s.Cov)
		for _, v := range s.Mean {
			sum += v
		}
		return sum, nil
	}, ref, folder, "covariance")
}

func square(s *mat.SymDense) []float64 { return mat.DenseCopyOf(s).RawMatrix().Data }

func write[T float32 | float64](name string, parts ...[]T) error {
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
