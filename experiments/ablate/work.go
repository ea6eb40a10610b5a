package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/addlab/addlab/internal/processes"
	"github.com/addlab/addlab/sweep"
)

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
