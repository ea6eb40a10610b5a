// Command pretrain makes the networks that distillation starts from and is judged by.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

const usage = `pretrain trains teacher, text encoder, discriminator features and evaluation networks.

  go run ./experiments/pretrain --data scenes                      all parts, into pretrained/scenes
  go run ./experiments/pretrain --data path/to/folder --scale cpu  on your own captioned pictures
  go run ./experiments/pretrain --parts teacher                    one part (and what it needs)
  go run ./experiments/pretrain --config mine.json                  with some fields of the preset changed
  go run ./experiments/pretrain --continue pretrained/scenes --parts teacher --rate 5e-4    train the teacher further
  go run ./experiments/pretrain --variants teacher-l,teacher-dit    other networks for some ablations, beside a bundle's own
  go run ./experiments/pretrain --assess                           measure the networks that are there
  go run ./experiments/pretrain -n                                 print the resolved config and stop

Interrupted, the same command goes on from the last checkpoint.

`

func main() {
	var o options
	program.Program{
		Name: "pretrain", Usage: usage, Interrupted: "the same command goes on from the last checkpoint", Parse: o.parse,
		Do: func(ctx context.Context, _, _ io.Writer) error { return run(ctx, o) },
	}.Main()
}

type options struct {
	data, scale, config, parts, out, runs, engine, from string
	variants, bundle                                    string
	seed                                                int64
	steps                                               int
	rate                                                float64
	dry, assess                                         bool

	command string // as typed, for the provenance
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.data, "data", "scenes", "`dataset`: scenes, scenes-free, an image folder with metadata.jsonl, or WebDataset shards")
	f.StringVar(&o.scale, "scale", "cpu", "preset of sizes and steps: "+strings.Join(pretrain.Scales, ", "))
	f.StringVar(&o.config, "config", "", "JSON `file` with fields of the preset to change (-n prints them all)")
	f.StringVar(&o.parts, "parts", "all", "comma-separated `parts`: "+strings.Join(pretrain.Parts, ", "))
	f.StringVar(&o.out, "out", "", "`folder` for the bundle (default pretrained/<data>, or pretrained/<data>-<scale> beside the cpu scale)")
	f.StringVar(&o.runs, "runs", "results/pretrain", "`folder` of the parts' runs")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.Int64Var(&o.seed, "seed", 1, "seed of weights and batches")
	f.IntVar(&o.steps, "steps", 0, "train the teacher for so many `steps` instead of the preset's")
	f.Float64Var(&o.rate, "rate", 0, "peak learning `rate` of the teacher instead of the preset's")
	f.StringVar(&o.from, "continue", "", "go on from the bundle in this `folder`: trains --parts (teacher, features) further and keeps the rest")
	f.StringVar(&o.variants, "variants", "", "comma-separated `networks` to train for a bundle that is there, or all; --steps changes their length too")
	f.StringVar(&o.bundle, "bundle", "", "`folder` of the bundle that --variants belong to (default: where --out is by default)")
	f.BoolVar(&o.assess, "assess", false, "measure the networks that are there and stop")
	f.BoolVar(&o.dry, "n", false, "print the resolved config and stop")
	o.command = strings.TrimSpace("go run ./experiments/pretrain " + strings.Join(args, " "))
	return program.Flags(f, args)
}

func run(ctx context.Context, o options) error {
	cfg, err := pretrain.DefaultConfig(o.scale)
	if err != nil {
		return err
	}
	if o.config != "" {
		if err := record.Edit(o.config, &cfg); err != nil {
			return err
		}
	}
	cfg.Data, cfg.Seed = filepath.Base(filepath.Clean(o.data)), o.seed
	if o.steps > 0 {
		cfg.TeacherTraining.Steps = o.steps
	}
	if o.rate != 0 {
		cfg.TeacherTraining.Rate.Peak = o.rate
	}
	data, err := dataset.Open(o.data, cfg.Size, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return err
	}
	if o.variants != "" {
		return runVariants(ctx, o, data)
	}
	parts, err := wanted(o.parts, pretrain.PartsOf(data), o.from == "")
	if err != nil {
		return err
	}
	var from *pretrain.Bundle
	if o.from != "" {
		if from, err = pretrain.LoadBundle(o.from); err != nil {
			return err
		}
	}
	if o.dry {
		c := &pretrain.Context{Config: cfg, Data: data}
		if err := c.Prepare(); err != nil {
			return err
		}
		b, err := json.MarshalIndent(c.Config, "", "  ")
		fmt.Println(string(b))
		return err
	}

	e, err := engine.Open(ctx, o.engine, os.Stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Println("engine:", e)
	if o.out == "" {
		o.out = pretrain.DefaultDir(cfg.Data, o.scale)
	}
	if o.assess {
		return assess(ctx, o, e, data)
	}
	if err := pretrain.Run(ctx, pretrain.Options{
		Dir: o.out, Runs: o.runs, Config: cfg, Parts: parts, Data: data, Engine: e, Out: os.Stdout, Continue: from,
		Command: o.command,
	}); err != nil {
		return err
	}
	if from == nil && !slices.Equal(parts, pretrain.PartsOf(data)) {
		fmt.Println("trained", strings.Join(parts, ", "), "— run without --parts to write the bundle")
		return nil
	}
	fmt.Println("wrote", o.out)
	return assess(ctx, o, e, data)
}

// wanted resolves --parts; from scratch, the teacher needs the text encoder first.
func wanted(list string, possible []string, scratch bool) ([]string, error) {
	if list == "all" {
		return possible, nil
	}
	asked := strings.Split(list, ",")
	for _, p := range asked {
		if !slices.Contains(possible, p) {
			return nil, fmt.Errorf("parts = %q, want some of %q", p, possible)
		}
	}
	if scratch && slices.Contains(asked, "teacher") {
		asked = append(asked, "text")
	}
	var parts []string
	for _, p := range possible {
		if slices.Contains(asked, p) {
			parts = append(parts, p)
		}
	}
	return parts, nil
}
