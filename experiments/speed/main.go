// Command speed times this project beside the tools that others use, in turns on the same cores or GPU.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/record"
)

const usage = `speed times training, sampling, FID and feature extraction, and Python's tools in the same run.

  go run ./experiments/speed                                     a step of the teacher's training, one of ADD, one of a student
  go run ./experiments/speed --python venv/bin/python3           and PyTorch's, from a Python that has torch
  go run ./experiments/speed --python … --compiled               and those that torch.compile makes of them (minutes more)
  go run ./experiments/speed --memory 2000                       and resident memory over so many ADD steps
  go run ./experiments/speed --sampling 5                        pictures: the teacher's solver and a student, in five rounds
  go run ./experiments/speed --methods                           what training costs by each few-step method: time, passes, memory
  go run ./experiments/speed --fid --python venv/bin/python3     FID and covariance, and those of numpy, scipy and clean-fid
  go run ./experiments/speed --extract --weights FILE            Inception features, with --python also torch-fidelity's
  go run ./experiments/speed --growth                            how time and memory grow with batch, side, width and pictures

Run it alone on the machine: other programs on the same cores change the times. Random weights of Inception are as fast as real ones;
eval/extractor/testdata/fullsize.py makes some.

`

type options struct {
	python, engine, out, pretrained, scale string
	steps, warmup, memory, sampling        int

	compiled        bool // by PyTorch
	fid, extract    bool
	rounds          int
	dims            []int // of FID's features
	threads, images int
	weights         string // of Inception
	pictures, batch int

	methods   bool
	growth    bool
	largest   int    // of the sizes of --growth; 0 for all
	pointOf   string // one point of it
	pointSize int
}

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "speed", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return speed(ctx, o, stdout, stderr) },
	}
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	var dims, point string
	f.StringVar(&o.python, "python", "", "`program`: a Python with the other tools; empty to leave them out (--fid needs one: python3)")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.StringVar(&o.out, "out", "results/speed", "`folder` for the report, as JSON and as a table")
	f.StringVar(&o.pretrained, "pretrained", "pretrained/scenes", "`folder` with the networks")
	f.StringVar(&o.scale, "scale", "cpu", "preset of the batches")
	f.BoolVar(&o.compiled, "compiled", false, "--python: PyTorch's steps by torch.compile, too")
	f.IntVar(&o.steps, "steps", 40, "`steps` to time")
	f.IntVar(&o.warmup, "warmup", 8, "`steps` before the clock starts")
	f.IntVar(&o.memory, "memory", 0, "watch memory over so many ADD `steps`")
	f.IntVar(&o.sampling, "sampling", 0, "time sampling instead, in so many `rounds`")
	f.BoolVar(&o.fid, "fid", false, "time FID's linear algebra instead")
	f.BoolVar(&o.extract, "extract", false, "time Inception's features instead")
	f.BoolVar(&o.growth, "growth", false, "time growing sizes instead, each in a process of its own")
	f.BoolVar(&o.methods, "methods", false, "time a step of every few-step method instead, and count passes and memory")
	f.IntVar(&o.largest, "largest", 0, "--growth: leave sizes above this `number` out; 0 for none")
	f.StringVar(&point, "point", "", "`NAME=SIZE`: one point of --growth, as JSON")
	f.IntVar(&o.rounds, "rounds", 5, "`rounds` of --fid, --extract, --growth and --methods")
	f.StringVar(&dims, "dims", "512,1024,2048", "--fid: `list` of feature dimensions")
	f.IntVar(&o.threads, "threads", 2, "--fid: `threads` for all tools")
	f.IntVar(&o.images, "images", 50000, "--fid: `images` of the covariance, in the largest dimension; 0 leaves it out")
	f.StringVar(&o.weights, "weights", "", "--extract: `file` of Inception's weights (default: where PyTorch's hub keeps them)")
	f.IntVar(&o.pictures, "pictures", 64, "--extract: `pictures` of a round")
	f.IntVar(&o.batch, "batch", 16, "--extract: `pictures` per call of the network")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	for _, limit := range []struct {
		name         string
		value, least int
	}{
		{"steps", o.steps, 2}, {"warmup", o.warmup, 1}, {"memory", o.memory, 0}, {"sampling", o.sampling, 0}, {"rounds", o.rounds, 1},
		{"threads", o.threads, 1}, {"images", o.images, 0}, {"largest", o.largest, 0}, {"pictures", o.pictures, 1}, {"batch", o.batch, 1},
	} {
		if limit.value < limit.least {
			return fmt.Errorf("%s = %d, want ≥ %d", limit.name, limit.value, limit.least)
		}
	}
	if point != "" {
		name, size, _ := strings.Cut(point, "=")
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return fmt.Errorf("point = %q, want NAME=SIZE with a size ≥ 1", point)
		}
		o.pointOf, o.pointSize = name, n
	}
	others := 0
	for _, set := range []bool{o.fid, o.extract, o.sampling > 0, o.growth, o.methods, point != ""} {
		if set {
			others++
		}
	}
	switch {
	case others > 1:
		return errors.New("fid, extract, sampling, growth, methods, point: want one of them")
	case o.growth && (o.python != "" || o.memory > 0):
		return errors.New("growth = true, want neither --python nor --memory: it has no peer and watches memory itself")
	case o.methods && (o.python != "" || o.memory > 0):
		return errors.New("methods = true, want neither --python nor --memory: it has no peer and counts memory itself")
	case o.compiled && (o.python == "" || others > 0):
		return errors.New("compiled = true, want a --python that has torch, and training steps")
	case o.sampling > 0 && (o.python != "" || o.memory > 0):
		return fmt.Errorf("sampling = %d, want neither --python nor --memory, which are about training", o.sampling)
	case o.extract && o.python != "" && o.weights == "":
		return errors.New("weights are not named, want the file that both are to read")
	}
	for _, field := range strings.Split(dims, ",") {
		d, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || d < 2 {
			return fmt.Errorf("dims = %q, want numbers ≥ 2 with commas between", dims)
		}
		o.dims = append(o.dims, d)
	}
	return nil
}

func speed(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if o.fid {
		return fid(ctx, o, stdout, stderr)
	}
	if o.pointOf != "" {
		return onePoint(ctx, o, stdout, stderr)
	}
	var in inputs
	if !o.extract {
		var err error
		if in, err = o.inputs(); err != nil {
			return err
		}
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "engine:", e)
	in.Backend = e.Backend
	env := record.NewEnvironment(e.Name, e.Version, e.Device)
	switch {
	case o.growth:
		return growth(ctx, o, env, stdout, stderr)
	case o.methods:
		return methods(ctx, o, in, env, stdout)
	case o.extract:
		return extract(ctx, o, e, env, stdout, stderr)
	case o.sampling > 0:
		return sampling(ctx, o, in, env, stdout)
	}
	return steps(ctx, o, in, env, stdout, stderr)
}
