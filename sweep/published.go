package sweep

import (
	"fmt"
	"io"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
)

// WithoutPublished is the axis without cells whose networks others publish, which the bundle lacks and get does not bring; w is told in a
// line for each.
func WithoutPublished(b *pretrain.Bundle, base distill.Config, axis ablations.Axis, w io.Writer, get func(pretrain.Variant) error) (ablations.Axis, error) {
	all, err := pretrain.DefaultVariants(base.Scale, b.Config)
	if err != nil {
		return axis, err
	}
	for _, v := range all {
		needs := func(c ablations.Cell) bool { return slices.Contains(c.Config(base).Parts(), v.Name) }
		if !v.Published() || b.Has(v.Name) || !slices.ContainsFunc(axis.Cells, needs) {
			continue
		}
		why := get(v)
		if why == nil {
			continue
		}
		var kept []string
		for _, c := range axis.Cells {
			if !needs(c) {
				kept = append(kept, c.Name)
			} else {
				fmt.Fprintf(w, "left out: %s, cell %s: %v\n", axis.Name, c.Name, why)
			}
		}
		if axis, err = axis.Only(kept); err != nil {
			return axis, err
		}
	}
	return axis, nil
}
