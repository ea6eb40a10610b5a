package main

import (
	"context"
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
	var first error
	for _, axis := range axes {
		err := in.Bundle.Want(axis.Parts(base)...)
		switch {
		case err == nil:
		case train && !o.looks():
			for _, part := range axis.Parts(base) {
				if !in.Bundle.Has(part) && !slices.Contains(missing, part) {
					missing = append(missing, part)
				}
			}
		default:
			if first == nil {
				first = fmt.Errorf("%s: %w, or add --pretrain", axis.Name, err)
			}
			if len(axes) > 1 {
				fmt.Fprintf(lazy.stderr, "left out: %s: %v, or add --pretrain\n", axis.Name, err)
			}
			continue
		}
		kept = append(kept, axis)
	}
	if len(kept) == 0 && first != nil {
		return in, nil, first
	}
	if len(missing) == 0 {
		return in, kept, nil
	}
	variants, err := namedVariants(o.scale, in.Bundle, missing)
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

func namedVariants(scale string, b *pretrain.Bundle, names []string) ([]pretrain.Variant, error) {
	all, err := pretrain.DefaultVariants(scale, b.Config)
	if err != nil {
		return nil, err
	}
	return pretrain.VariantsNamed(all, names)
}

// warnOtherRecipes names the runs that another version of the recipe made.
func warnOtherRecipes(w io.Writer, runs *record.Runs) error {
	others, err := sweep.OtherRecipes(runs)
	for kind, n := range others {
		fmt.Fprintf(w, "%s holds %d of recipe %q, this program's is %q: they count for nothing here\n", runs.Dir(), n, kind, sweep.Recipe)
	}
	return err
}
