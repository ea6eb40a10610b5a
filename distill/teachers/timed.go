package teachers

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// Untimed says what a plan leaves out without it.
const Untimed = "time and peak memory: add --timed 3, which measures them"

// Timed takes n steps of a training after the first, and prints how long they take and what the process held. progress is told of every step.
func Timed(ctx context.Context, stdout, progress io.Writer, in distill.Inputs, n int) error {
	step, free, err := distill.Steps(ctx, in, train.NewProgress(progress))
	if err != nil {
		return err
	}
	defer free()
	var seconds []float64
	for i := range 1 + n {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := time.Now()
		if _, err := step(1 + i); err != nil {
			return err
		}
		seconds = append(seconds, time.Since(begin).Seconds())
		fmt.Fprintf(progress, "step %d of %d: %.3g s\n", 1+i, 1+n, seconds[i])
	}
	first, rest := seconds[0], slices.Sorted(slices.Values(seconds[1:]))
	median := rest[len(rest)/2]
	whole := time.Duration((first + median*float64(in.Config.Steps-1)) * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(stdout, "the first step takes %.3g s, with compiling; a step after it %.3g s (%.3g to %.3g, %d timed); %d steps about %s\n",
		first, median, rest[0], rest[len(rest)-1], len(rest), in.Config.Steps, whole)
	if _, peak, err := engine.Memory(); err == nil {
		fmt.Fprintf(stdout, "memory of this process at most %s, with features, heads and activations; a GPU's own is not counted\n", readable(peak))
	}
	return nil
}
