// Command fidspeed times FID's linear algebra beside scipy, clean-fid and numpy on the same cores, in turns.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/internal/timing"
	"github.com/addlab/addlab/record"
)

const usage = `fidspeed times the Fréchet distance of two Gaussians and the covariance of many features, beside scipy's sqrtm, clean-fid and numpy.

  go run ./experiments/fidspeed --python venv/bin/python3        from a Python that has numpy, scipy and clean-fid

All take turns in every round, so that other work on the machine falls on all of them; the processor's seconds stand beside the clock's.

`

type options struct {
	python, out, sizes      string
	rounds, threads, images int
	dims                    []int
}

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "fidspeed", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return speed(ctx, o, stdout, stderr) },
	}
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.python, "python", "python3", "`program`: a Python with numpy, scipy and clean-fid")
	f.StringVar(&o.out, "out", "results/speed", "`folder` for fid.json and fid.md")
	f.StringVar(&o.sizes, "dims", "512,1024,2048", "`list` of feature dimensions")
	f.IntVar(&o.rounds, "rounds", 3, "`rounds` to time")
	f.IntVar(&o.threads, "threads", 2, "`threads` for all")
	f.IntVar(&o.images, "images", 50000, "`images` of the covariance, in the largest dimension; 0 leaves it out")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	if o.rounds < 1 || o.threads < 1 || o.images < 0 {
		return fmt.Errorf("rounds = %d, threads = %d, images = %d, want ≥ 1, ≥ 1 and ≥ 0", o.rounds, o.threads, o.images)
	}
	for _, field := range strings.Split(o.sizes, ",") {
		d, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || d < 2 {
			return fmt.Errorf("dims = %q, want numbers ≥ 2 with commas between", o.sizes)
		}
		o.dims = append(o.dims, d)
	}
	return nil
}

func speed(ctx context.Context, o options, stdout, stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "fidspeed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	reference, err := start(ctx, o, stderr)
	if err != nil {
		return err
	}
	defer reference.Close()
	r := Report{
		Environment: record.NewEnvironment("", "", ""), Kernel: dense.Kernel(), Versions: reference.versions,
		Threads: o.threads, Rounds: o.rounds, LoadBefore: load(),
	}
	for i, d := range append(o.dims, o.dims[len(o.dims)-1]) {
		task := distance
		if i == len(o.dims) {
			if o.images == 0 {
				break
			}
			task = covariance
		}
		row, err := task(ctx, o, folder, d, reference, stdout)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, row)
	}
	r.LoadAfter = load()
	text, err := timing.Write(o.out, "fid", r) // only a whole report replaces the one before
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}
