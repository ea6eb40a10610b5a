package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
)

// timed takes steps of the training that is planned, and prints how long they take and what the process held.
func timed(ctx context.Context, o options, cfg distill.Config, note func(format string, args ...any), stdout, stderr io.Writer) error {
	base, data, err := o.inputs(ctx, cfg, note)
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "\nengine:", e)

	step, free, err := distill.Steps(distill.Inputs{Config: cfg, Bundle: base.Base, Data: data, Backend: e.Backend, Devices: o.devices})
	if err != nil {
		return err
	}
	defer free()
	var seconds []float64
	for i := range 1 + o.timed {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := time.Now()
		if _, err := step(1 + i); err != nil {
			return err
		}
		seconds = append(seconds, time.Since(begin).Seconds())
		fmt.Fprintf(stderr, "step %d of %d: %.3g s\n", 1+i, 1+o.timed, seconds[i])
	}
	first, rest := seconds[0], slices.Sorted(slices.Values(seconds[1:]))
	median := rest[len(rest)/2]
	whole := time.Duration((first + median*float64(cfg.Steps-1)) * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(stdout, "the first step takes %.3g s, with compiling; a step after it %.3g s (%.3g to %.3g, %d timed); %d steps about %s\n",
		first, median, rest[0], rest[len(rest)-1], len(rest), cfg.Steps, whole)
	if _, peak, err := engine.Memory(); err == nil {
		fmt.Fprintf(stdout, "memory of this process at most %s, with features, heads and activations; a GPU's own is not counted\n", readable(peak))
	}
	return nil
}
