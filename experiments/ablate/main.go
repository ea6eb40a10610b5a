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
	results, err := work(ctx, o, stderr, ablations.Options{
		Plan: plan, Runs: own, Finished: finished, Processes: o.among, Trainer: lab, Evaluator: lab, Environment: lab.Environment, Out: stdout,
		Completed: func(axis ablations.Axis, results ablations.Results) (string, error) {
			dir := filepath.Join(o.out, axis.Name)
			_, err := plan.Write(dir, axis, results)
			return fmt.Sprintf("%s: the table so far is in %s", axis.Name, filepath.Join(dir, "table.txt")), err
		},
	})
	if err != nil || o.among > 0 {
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
