// Command speed times the training steps beside the same networks in PyTorch on the same cores, and watches memory.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

const usage = `speed times a step of the teacher's training and a step of ADD, and compares with PyTorch in the same run.

  go run ./experiments/speed                                  this project only
  go run ./experiments/speed --python venv/bin/python3        and PyTorch, from a Python that has torch
  go run ./experiments/speed --memory 2000                    and resident memory over so many ADD steps

Run it alone on the machine: two programs on the same cores time each other.

`

type options struct {
	python, engine, out, pretrained, scale string
	steps, warmup, memory                  int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("speed", flag.ContinueOnError)
	f.Usage = func() { fmt.Fprint(f.Output(), usage); f.PrintDefaults() }
	f.StringVar(&o.python, "python", "", "`program`: a Python with torch; empty to leave PyTorch out")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.StringVar(&o.out, "out", "results/speed", "`folder` for speed.json and speed.md")
	f.StringVar(&o.pretrained, "pretrained", "pretrained/scenes", "`folder` with the networks")
	f.StringVar(&o.scale, "scale", "cpu", "preset of the batches")
	f.IntVar(&o.steps, "steps", 40, "`steps` to time")
	f.IntVar(&o.warmup, "warmup", 8, "`steps` before the clock starts")
	f.IntVar(&o.memory, "memory", 0, "watch memory over so many ADD `steps`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("argument = %q, want flags only (see --help)", f.Arg(0))
	case o.steps < 2 || o.warmup < 1 || o.memory < 0:
		return o, fmt.Errorf("steps = %d, warmup = %d, memory = %d, want ≥ 2, ≥ 1 and ≥ 0", o.steps, o.warmup, o.memory)
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	bundle, err := pretrain.LoadBundle(o.pretrained)
	if err != nil {
		return err
	}
	data, err := dataset.Open(bundle.Config.Data, bundle.Config.Size, nil)
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, o.engine, os.Stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Println("engine:", e)
	cfg, err := distill.DefaultConfig(o.scale)
	if err != nil {
		return err
	}
	in := distill.Inputs{Config: cfg, Bundle: bundle, Data: data, Backend: e.Backend}

	r := Report{Environment: record.NewEnvironment(e.Name, e.Version, e.Device), TeacherBatch: bundle.Config.TeacherTraining.Batch, Batch: cfg.Batch}
	if r.Ours, err = measure(ctx, in, o.steps, o.warmup); err != nil {
		return err
	}
	if o.python != "" {
		if r.Torch, err = torch(ctx, o, in); err != nil {
			return err
		}
		if err := sameNetworks(r.Ours, *r.Torch); err != nil {
			return err
		}
	}
	if o.memory > 0 {
		if r.Memory, err = watchMemory(ctx, in, o.memory); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	r.Markdown(&text)
	fmt.Println()
	fmt.Print(text.String())
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	r.Command = strings.TrimSpace("go run ./experiments/speed " + strings.Join(args, " "))
	if err := record.WriteJSON(filepath.Join(o.out, "speed.json"), r); err != nil {
		return err
	}
	if err := record.WriteFile(filepath.Join(o.out, "speed.md"), text.Bytes()); err != nil {
		return err
	}
	fmt.Println("wrote", o.out)
	return nil
}
