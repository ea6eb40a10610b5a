// Command ablate answers a question about ADD's recipe: it trains and scores the cells of an ablation axis.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/processes"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/sweep"
)

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "ablate", Usage: usage, Interrupted: "what is finished is kept, and the same command resumes from there",
		Parse: o.parse,
		Do:    func(ctx context.Context, stdout, stderr io.Writer) error { return ablate(ctx, o, stdout, stderr) },
	}
}

func ablate(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if o.list {
		return list(stdout)
	}
	axes, err := o.axes()
	if err != nil {
		return err
	}
	seeds, err := sweep.ParseSeeds(o.seeds)
	if err != nil {
		return err
	}
	base, err := o.base()
	if err != nil {
		return err
	}

	lazy := &lazyEngine{choice: o.engine, devices: o.devices, out: stdout, stderr: stderr}
	defer lazy.close()
	if o.plan {
		return planned(ctx, o, base, axes, seeds, lazy)
	}
	kept, plan := axes, (*sweep.Plan)(nil)
	inputs, err := sweep.Inputs{}, error(nil)
	if o.teacher.Name != "" {
		inputs, kept, err = openPublished(ctx, &o, base, axes, lazy)
	} else if inputs, err = openInputs(ctx, o, lazy); err == nil {
		inputs, kept, err = complete(ctx, o, inputs, base, axes, lazy)
	}
	if err == nil {
		plan, err = sweep.NewPlan(inputs, base, kept, seeds)
	}
	switch {
	case o.printConfig && (errors.Is(err, errNoBundle) || errors.Is(err, pretrain.ErrMissing) || errors.Is(err, pretrain.ErrNoStudent)): // configs need no networks
		return printConfig(stdout, o, nil, base, axes, seeds)
	case err != nil:
		return err
	case o.printConfig:
		return printConfig(stdout, o, plan, base, kept, seeds)
	case o.probe > 0:
		return probe(ctx, stdout, inputs, base, kept, seeds, o.probe, lazy.open)
	}
	s, err := o.sweep(plan)
	if err != nil {
		return err
	}
	if err := warnOtherRecipes(stderr, s.Runs); err != nil {
		return err
	}
	if o.slurm > 0 {
		return submit(ctx, o, stdout)
	}
	if o.dryRun {
		return forecast(stdout, s)
	}

	if o.watch > 0 {
		if err := inputs.CanWatch(); err != nil {
			return err
		}
	}
	worker := &sweep.EngineWorker{Inputs: inputs, Engine: lazy.open, Out: stdout, WatchEvery: o.watch, Devices: o.devices}
	defer worker.Close()
	s.Processes, s.Worker, s.Out = o.among, worker, stdout
	s.Completed = func(axis ablations.Axis, results sweep.Results) (string, error) {
		dir := filepath.Join(o.out, axis.Name)
		_, err := plan.Write(dir, axis, results)
		return fmt.Sprintf("%s: the table so far is in %s", axis.Name, filepath.Join(dir, "table.txt")), err
	}
	before := o.tables(plan)
	results, err := work(ctx, o, stderr, s)
	if err != nil || o.among > 0 {
		return err
	}
	return present(stdout, o, plan, results, before)
}

// work finds or makes the results. With --no-train it only finds them.
func work(ctx context.Context, o options, stderr io.Writer, s sweep.Sweep) (sweep.Results, error) {
	if !o.noTrain {
		if err := shareOut(ctx, o, stderr, s); err != nil {
			return nil, err
		}
		return s.Run(ctx)
	}
	results, missing, err := s.Gather()
	if err != nil {
		return results, err
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(results)), func(r sweep.Outcome) bool { return r.Train != nil }) {
		return results, fmt.Errorf("out = %q: no student's measurement is finished there, want some with --no-train", o.out)
	}
	if len(missing) > 0 {
		fmt.Fprintf(s.Out, "%d of %d measurements are finished; the tables are made of them\n", len(results), len(results)+len(missing))
	}
	return results, nil
}

func shareOut(ctx context.Context, o options, stderr io.Writer, s sweep.Sweep) error {
	if o.processes == 1 {
		return nil
	}
	_, todo, err := s.Gather()
	if err != nil || len(todo) == 0 {
		return err
	}
	if err := s.MissingStudents(todo); err != nil {
		return err
	}
	n := min(o.processes, len(todo))
	return processes.Run(ctx, n, append(slices.Clone(o.args), "--processes=1", fmt.Sprintf("--among=%d", n)), s.Out, stderr)
}
