// Command pretrain makes the networks that distillation starts from and is judged by.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/sweep"
)

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "pretrain", Usage: usage, Interrupted: "the same command resumes from the last checkpoint", Parse: o.parse,
		Do: func(ctx context.Context, stdout, _ io.Writer) error {
			if o.variants != "" || o.assess {
				return beside(ctx, o, stdout)
			}
			return trainParts(ctx, o, stdout)
		},
	}
}

func trainParts(ctx context.Context, o options, stdout io.Writer) error {
	var from *pretrain.Bundle
	var err error
	if o.from != "" {
		if from, err = pretrain.LoadBundle(o.from); err != nil {
			return err
		}
	}
	cfg, err := o.base(from)
	if err != nil {
		return err
	}
	data, err := o.open(ctx, cfg.Size)
	if err != nil {
		return err
	}
	parts, err := o.wanted(pretrain.PartsOf(data))
	if err != nil {
		return err
	}
	if o.printConfig {
		c := &pretrain.Trainer{Config: cfg, Data: data}
		if err := c.Prepare(); err != nil {
			return err
		}
		return program.PrintJSON(stdout, c.Config)
	}
	if from == nil && slices.Equal(parts, pretrain.PartsOf(data)) {
		if err := o.spare(data); err != nil {
			return err
		}
	}
	e, err := o.start(ctx, data, stdout)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := pretrain.Run(ctx, pretrain.Options{
		Dir: o.out, Runs: o.runs, Config: cfg, Scale: o.scale, Parts: parts, Data: data, Engine: e, Out: stdout, Continue: from,
		Command: o.command,
	}); err != nil {
		return err
	}
	if from == nil && !slices.Equal(parts, pretrain.PartsOf(data)) {
		fmt.Fprintln(stdout, "trained", strings.Join(parts, ", "), "— run without --parts to write the bundle")
		return nil
	}
	fmt.Fprintln(stdout, "wrote", o.out)
	b, err := pretrain.LoadBundle(o.out)
	if err != nil {
		return err
	}
	return assess(ctx, o, e, b, data, stdout)
}

// beside does what begins with a bundle that is there: measure it, or train and measure its variants.
func beside(ctx context.Context, o options, stdout io.Writer) error {
	b, err := pretrain.LoadBundle(o.out)
	if err != nil {
		return err
	}
	if !o.given["scale"] {
		o.scale = cmp.Or(b.Scale, o.scale)
	}
	data, err := o.open(ctx, b.Config.Size)
	if err != nil {
		return err
	}
	if err := b.MadeFor(data); err != nil {
		return err
	}
	if o.variants != "" {
		return runVariants(ctx, o, b, data, stdout)
	}
	e, err := o.start(ctx, data, stdout)
	if err != nil {
		return err
	}
	defer e.Close()
	return assess(ctx, o, e, b, data, stdout)
}

func (o *options) open(ctx context.Context, size int) (dataset.Dataset, error) {
	return o.set.Open(ctx, size, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
}

// spare refuses to replace networks of other data in a folder that nobody named: sets of the same name share the usual one.
func (o *options) spare(data dataset.Dataset) error {
	there, err := pretrain.LoadBundle(o.out)
	if err != nil || o.given["out"] {
		return nil
	}
	if err := there.MadeFor(data); err != nil {
		return fmt.Errorf("%w: say --out FOLDER for other networks, or --out %s to replace these", err, o.out)
	}
	return nil
}

// start opens the engine, if what is trained on it can be measured.
func (o *options) start(ctx context.Context, data dataset.Dataset, stdout io.Writer) (*engine.Engine, error) {
	if err := sweep.Enough(data); err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, o.engine, os.Stderr)
	if err == nil {
		fmt.Fprintln(stdout, "engine:", e)
	}
	return e, err
}
