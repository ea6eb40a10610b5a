package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/sweep"
)

// probeEvery is how many steps a column of the probe's table is the mean of.
const probeEvery = 40

// probe trains the discriminator of every cell alone and prints how well it tells the pictures apart, as it learns.
func probe(ctx context.Context, w io.Writer, in sweep.Inputs, base distill.Config, axes []ablations.Axis, seeds []int64, steps int, open func(context.Context) (*engine.Engine, error)) error {
	e, err := open(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "The discriminator alone, against the student as it begins, at the first time: area under the curve over pictures,\n"+
		"and in brackets the gap of the logits, means of %d steps. At chance the area is 0.5.\n\n%-34s", probeEvery, "steps")
	for step := probeEvery; step <= steps; step += probeEvery {
		fmt.Fprintf(w, " %13d", step)
	}
	fmt.Fprintln(w)
	var done []distill.Config
	for _, axis := range axes {
		for _, cell := range axis.Cells {
			for _, seed := range seeds {
				base.Seed = seed
				cfg := cell.Config(base)
				if seen(done, cfg) {
					continue
				}
				done = append(done, cfg)
				fmt.Fprintf(w, "%-34s", fmt.Sprintf("%s/%s, seed %d", axis.Name, cell.Name, seed))
				err := distill.ProbeHeads(ctx, distill.Inputs{Config: cfg, Bundle: in.Base(), Data: in.Data, Backend: e.Backend}, steps, probeEvery,
					func(_ int, h distill.HeadsHealth) { fmt.Fprintf(w, "  %.2f (%6.2f)", h.AUC, h.Gap) })
				switch {
				case errors.Is(err, distill.ErrNoHeads):
					fmt.Fprint(w, "  no discriminator")
				case errors.Is(err, distill.ErrDiffused):
					fmt.Fprint(w, "  sees diffused pictures, which are not probed")
				case err != nil:
					fmt.Fprintln(w)
					return err
				}
				fmt.Fprintln(w)
			}
		}
	}
	return nil
}

// seen reports whether the heads of a config were probed in another cell.
func seen(done []distill.Config, cfg distill.Config) bool {
	for _, d := range done {
		if cfg.Adversarial > 0 && d.Adversarial > 0 && reflect.DeepEqual(distill.ProbeConfig(d), distill.ProbeConfig(cfg)) {
			return true
		}
	}
	return false
}
