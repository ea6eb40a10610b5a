// Command ablate answers a question about ADD's recipe: it trains and scores the cells of an ablation axis.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
)

func main() { command().Main() }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command().Run(ctx, args, stdout, stderr)
}

func command() program.Program {
	var o options
	return program.Program{
		Name: "ablate", Usage: usage, Interrupted: "what is finished is kept, and the same command goes on from there",
		Parse: o.parse,
		Do:    func(ctx context.Context, stdout, stderr io.Writer) error { return ablate(ctx, o, stdout, stderr) },
	}
}

func ablate(ctx context.Context, o options, stdout, stderr io.Writer) error {
	// What was asked for.
	if o.list {
		return list(stdout)
	}
	axes, err := o.axes()
	if err != nil {
		return err
	}
	seeds, err := ablations.ParseSeeds(o.seeds)
	if err != nil {
		return err
	}
	base, err := o.base()
	if err != nil {
		return err
	}

	// What there is to ask it of.
	lazy := &lazyEngine{choice: o.engine, out: stdout, stderr: stderr}
	defer lazy.close()
	world, err := openWorld(ctx, o, lazy)
	if errors.Is(err, errNoBundle) && o.dry {
		return dryRun(stdout, o, nil, base, axes, seeds)
	}
	if err != nil {
		return err
	}
	asked := axes
	world, axes, err = complete(ctx, o, world, base, axes, lazy)
	if o.dry && errors.Is(err, pretrain.ErrMissing) { // configs can be shown all the same
		return dryRun(stdout, o, nil, base, asked, seeds)
	}
	if err != nil {
		return err
	}
	plan, err := ablations.NewPlan(world, base, axes, seeds)
	if err != nil {
		return err
	}
	if o.dry {
		return dryRun(stdout, o, plan, base, axes, seeds)
	}

	// Train, score, show.
	own, finished := o.runs()
	if err := tellForeign(stderr, own); err != nil {
		return err
	}
	if o.forecast {
		return forecast(stdout, ablations.Options{Plan: plan, Runs: own, Finished: finished})
	}
	lab := &ablations.Lab{World: world, Engine: lazy.open, Out: stdout}
	defer lab.Close()
	results, err := work(ctx, o, ablations.Options{
		Plan: plan, Runs: own, Finished: finished, Trainer: lab, Evaluator: lab, Environment: lab.Environment, Out: stdout,
		Completed: func(axis ablations.Axis, results ablations.Results) (string, error) {
			dir := filepath.Join(o.out, axis.Name)
			_, err := plan.Write(dir, axis, results)
			return fmt.Sprintf("%s: the table so far is in %s", axis.Name, filepath.Join(dir, "table.txt")), err
		},
	})
	if err != nil {
		return err
	}
	var written []string
	for _, axis := range axes {
		paths, err := plan.Write(filepath.Join(o.out, axis.Name), axis, results)
		if err != nil {
			return err
		}
		written = append(written, paths...)
		fmt.Fprintln(stdout)
		if err := show(stdout, plan.Table(axis, results), o.reference); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "\nwrote\n  %s\nruns are in %s\n", strings.Join(written, "\n  "), own)
	return nil
}

// work finds or makes the results; with --no-train it only finds them.
func work(ctx context.Context, o options, sweep ablations.Options) (ablations.Results, error) {
	if !o.noTrain {
		return ablations.Run(ctx, sweep)
	}
	results, missing, err := sweep.Gather()
	if err != nil {
		return results, err
	}
	if len(results) == 0 {
		return results, fmt.Errorf("out = %q: none of %d measurements is finished there, want some with --no-train", o.out, len(missing))
	}
	if len(missing) > 0 {
		fmt.Fprintf(sweep.Out, "%d of %d measurements are finished; the tables are made of them\n", len(results), len(results)+len(missing))
	}
	return results, nil
}
