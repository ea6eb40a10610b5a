// Command speed times the training steps beside the same networks in PyTorch on the same cores or GPU, and watches memory; or it times
// sampling.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/internal/timing"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

const usage = `speed times a step of the teacher's training and a step of ADD, and compares with PyTorch in the same run.

  go run ./experiments/speed                                  this project only
  go run ./experiments/speed --python venv/bin/python3        and PyTorch, from a Python that has torch
  go run ./experiments/speed --memory 2000                    and resident memory over so many ADD steps
  go run ./experiments/speed --sampling 5                     instead, pictures: the teacher's solver and a student, in five rounds

Run it alone on the machine: two programs on the same cores time each other.

`

type options struct {
	python, engine, out, pretrained, scale string
	steps, warmup, memory, sampling        int
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
	f.StringVar(&o.python, "python", "", "`program`: a Python with torch; empty to leave PyTorch out")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.StringVar(&o.out, "out", "results/speed", "`folder` for speed.json and speed.md, or sampling.json and sampling.md")
	f.StringVar(&o.pretrained, "pretrained", "pretrained/scenes", "`folder` with the networks")
	f.StringVar(&o.scale, "scale", "cpu", "preset of the batches")
	f.IntVar(&o.steps, "steps", 40, "`steps` to time")
	f.IntVar(&o.warmup, "warmup", 8, "`steps` before the clock starts")
	f.IntVar(&o.memory, "memory", 0, "watch memory over so many ADD `steps`")
	f.IntVar(&o.sampling, "sampling", 0, "time sampling instead, in so many `rounds`")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	if o.sampling < 0 || o.sampling > 0 && (o.python != "" || o.memory > 0) {
		return fmt.Errorf("sampling = %d, want rounds, and neither --python nor --memory, which are about training", o.sampling)
	}
	if o.steps < 2 || o.warmup < 1 || o.memory < 0 {
		return fmt.Errorf("steps = %d, warmup = %d, memory = %d, want ≥ 2, ≥ 1 and ≥ 0", o.steps, o.warmup, o.memory)
	}
	return nil
}

func speed(ctx context.Context, o options, stdout, stderr io.Writer) error {
	bundle, err := pretrain.LoadBundle(o.pretrained)
	if err != nil {
		return err
	}
	data, err := dataset.Open(bundle.Config.Data, bundle.Config.Size, nil)
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "engine:", e)
	if o.sampling > 0 {
		return sampling(ctx, o, bundle, data, e, stdout)
	}
	cfg, err := distill.DefaultConfig(o.scale)
	if err != nil {
		return err
	}
	in := distill.Inputs{Config: cfg, Bundle: bundle, Data: data, Backend: e.Backend}

	r := Report{Steps: o.steps, Warmup: o.warmup, Environment: record.NewEnvironment(e.Name, e.Version, e.Device), TeacherBatch: bundle.Config.TeacherTraining.Batch, Batch: cfg.Batch}
	var theirs *peer
	if o.python != "" {
		if theirs, err = openTheirs(ctx, o, r.device(), stderr); err != nil {
			return err
		}
		defer theirs.Close()
	}
	if r.Ours, err = measure(ctx, in, o, stdout); err != nil {
		return err
	}
	if theirs != nil {
		fmt.Fprintln(stdout, "PyTorch: the same steps")
		if r.Torch, err = theirs.time(o, in, r.device()); err != nil {
			return err
		}
		if err := sameNetworks(r.Ours, *r.Torch); err != nil {
			return err
		}
	}
	text, err := timing.Write(o.out, "speed", r)
	if err != nil {
		return err
	}
	if o.memory > 0 { // which takes longest: the times are kept already
		if r.Memory, err = watchMemory(ctx, in, o.memory, stdout); err != nil {
			return err
		}
		if text, err = timing.Write(o.out, "speed", r); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "\n%swrote %s\n", text, o.out)
	return nil
}
