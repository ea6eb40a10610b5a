package teachers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// Untimed says what a plan leaves out without flags.
const Untimed = "activations: add --compiled, which compiles the programs of a step\ntime and peak memory: add --timed 3, which measures them"

// Compiled prints what the programs of a training need on an engine, activations included. It compiles them from shapes, which takes
// minutes at full size and no memory for weights. progress is told of every program.
func (s Spec) Compiled(ctx context.Context, stdout, progress io.Writer, cfg distill.Config, e *engine.Engine, devices int, note func(format string, args ...any)) error {
	o, err := s.outline(ctx, cfg, note)
	if err != nil {
		return err
	}
	if !s.EDM() { // whose small pictures are enlarged for features
		nets, err := s.featureNets(o.base.Size())
		if err == nil {
			err = nets.Fit(o.base.Size(), cfg.Parts()...)
		}
		if err != nil {
			return err
		}
	}
	begin := time.Now()
	c, err := distill.Compile(ctx, distill.Inputs{Config: cfg, Bundle: o.base, Backend: e.Backend, Devices: devices}, func(program string) {
		fmt.Fprintf(progress, "program %s is compiled, after %s\n", program, time.Since(begin).Round(time.Second))
	})
	if err := printCompiled(stdout, e.Name, c, err); err != nil || len(c.Programs) == 0 {
		return err
	}
	k, err := keeps(o.parts, cfg)
	if err == nil && k.towers() > 0 {
		_, err = fmt.Fprintf(stdout, "%10s  more, and what text towers need, for data without end\n", readable(k.towers()))
	}
	return err
}

// printCompiled prints what programs take, or that their engine does not tell.
func printCompiled(stdout io.Writer, engineName string, c distill.Compiled, err error) error {
	if errors.Is(err, engine.ErrNoUsage) {
		_, err := fmt.Fprintf(stdout, "activations: %v (engine: %s)\n", engine.ErrNoUsage, engineName)
		return err
	}
	if err != nil {
		return err
	}
	for _, p := range c.Programs {
		fmt.Fprintf(stdout, "%10s  program %s: activations %s, new values of what it moves %s\n",
			readable(p.Beyond()), p.Name, readable(p.Temporary), readable(p.Outputs-p.Aliases))
	}
	most := c.Largest()
	_, err = fmt.Fprintf(stdout, "%10s  activations and new values at most, of program %s (compiled for %s)\n%10s  together with weights, averages and moments, features and heads included\n",
		readable(most.Beyond()), most.Name, engineName, readable(c.Variables+most.Beyond()))
	return err
}

// Timed takes n steps of a training after the first, and prints how long they take and what the process and its programs hold. progress is
// told of every step.
func Timed(ctx context.Context, stdout, progress io.Writer, in distill.Inputs, engineName string, n int) error {
	steps, err := distill.Steps(ctx, in, train.NewProgress(progress))
	if err != nil {
		return err
	}
	defer steps.Close()
	var seconds []float64
	for i := range 1 + n {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := time.Now()
		if _, err := steps.Step(1 + i); err != nil {
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
	c, err := steps.Compiled()
	return printCompiled(stdout, engineName, c, err)
}
