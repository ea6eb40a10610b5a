package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// complete trains networks that the axes need and the bundle lacks, with --pretrain or at smoke scale. Otherwise such axes are left
// out and named. It is an error if none is left.
func complete(ctx context.Context, o options, in sweep.Inputs, base distill.Config, axes []ablations.Axis, lazy *lazyEngine) (sweep.Inputs, []ablations.Axis, error) {
	train := o.pretrain || o.scale == "smoke"
	var kept []ablations.Axis
	var missing []string
	var leftOut []error
	for _, axis := range axes {
		parts := axis.Parts(base)
		if err := in.Bundle.Want(parts...); err != nil && (!train || o.looks()) {
			leftOut = append(leftOut, fmt.Errorf("%s: %w, or add --pretrain", axis.Name, err))
			continue
		}
		kept, missing = append(kept, axis), append(missing, slices.DeleteFunc(parts, in.Bundle.Has)...)
	}
	if len(kept) == 0 {
		return in, nil, errors.Join(leftOut...)
	}
	for _, err := range leftOut {
		fmt.Fprintf(lazy.stderr, "left out: %v\n", err)
	}
	if len(missing) == 0 {
		return in, kept, nil
	}
	variants, err := pretrain.DefaultVariants(o.scale, in.Bundle.Config, missing...)
	if err != nil {
		return in, nil, err
	}
	e, err := lazy.open(ctx)
	if err != nil {
		return in, nil, err
	}
	in.Bundle, err = pretrain.RunVariants(ctx, in.Bundle, variants, pretrain.Options{
		Runs: filepath.Join(o.out, "pretrain"), Data: in.Data, Engine: e, Command: o.command(), Out: lazy.out,
	})
	return in, kept, err
}

// warnOtherRecipes names the runs that another version of the recipe made.
func warnOtherRecipes(w io.Writer, runs *record.Runs) error {
	others, err := sweep.OtherRecipes(runs)
	for kind, n := range others {
		fmt.Fprintf(w, "%s holds %d of recipe %q, this program's is %q: they count for nothing here\n", runs.Dir(), n, kind, sweep.Recipe)
	}
	return err
}
