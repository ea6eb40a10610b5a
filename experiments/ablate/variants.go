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
	"github.com/addlab/addlab/sweep"
)

// complete brings the networks that the axes ask for and the bundle lacks: trains them where that was asked for, as at smoke scale
// always. Else a single axis that lacks some is an error, and of several those are left out and named, unless none is left.
func complete(ctx context.Context, o options, w sweep.World, base distill.Config, axes []ablations.Axis, lazy *lazyEngine) (sweep.World, []ablations.Axis, error) {
	train := o.pretrain || o.scale == "smoke"
	var kept []ablations.Axis
	var missing []string
	var first error
	for _, axis := range axes {
		err := w.Bundle.Want(axis.Parts(base)...)
		switch {
		case err == nil:
		case train && !o.looks():
			for _, part := range axis.Parts(base) {
				if !w.Bundle.Has(part) && !slices.Contains(missing, part) {
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
		return w, nil, first
	}
	if len(missing) == 0 {
		return w, kept, nil
	}
	variants, err := namedVariants(o.scale, w.Bundle, missing)
	if err != nil {
		return w, nil, err
	}
	e, err := lazy.open(ctx)
	if err != nil {
		return w, nil, err
	}
	w.Bundle, err = pretrain.RunVariants(ctx, pretrain.VariantOptions{
		Bundle: w.Bundle, Variants: variants, Runs: filepath.Join(o.out, "pretrain"), Data: w.Data, Engine: e, Command: o.command(), Out: lazy.out,
	})
	return w, kept, err
}

func namedVariants(scale string, b *pretrain.Bundle, names []string) ([]pretrain.Variant, error) {
	all, err := pretrain.DefaultVariants(scale, b.Config)
	if err != nil {
		return nil, err
	}
	return pretrain.VariantsNamed(all, names)
}

// tellForeign names the records that another version of the recipe made.
func tellForeign(w io.Writer, runs string) error {
	foreign, err := sweep.Foreign(runs)
	for kind, n := range foreign {
		fmt.Fprintf(w, "%s holds %d of recipe %q, this program's is %q: they count for nothing here\n", runs, n, kind, sweep.Recipe)
	}
	return err
}
