// Package train runs trainings: steps with progress, metrics on disk, checkpoints, and resumption with the same result.
package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
)

// stateFile holds the whole store within a checkpoint.
const stateFile = "state.safetensors"

// Task is a training that may stop after any step and resume later. Step must depend on the store and the step alone:
// all randomness comes from seed and step.
type Task struct {
	Name    string
	Store   *model.Store // all state: weights, moments, averages
	Frozen  []string     // scopes of the store that come from files, and are not in checkpoints
	Steps   int
	Columns []string                          // names of the values that Step returns
	Step    func(step int) ([]float64, error) // step counts from 1

	LogEvery        int                                           // steps between lines of metrics.jsonl; values are means over them
	CheckpointEvery int                                           // fewest steps between checkpoints, which are written where a line ends, and after the last step; 0 for none
	AfterLog        func(step int, mean map[string]float64) error // optional, after each line
	Close           func()                                        // optional, when Run ends: frees what Step holds
}

// Run trains from the latest checkpoint of the run, or from the start, to the last step. A cancelled context saves a checkpoint
// and returns the context's error.
func (t Task) Run(ctx context.Context, run *record.Run, progress *Progress) error {
	defer engine.TrimMemory()
	if t.Close != nil {
		defer t.Close()
	}
	if t.LogEvery < 1 {
		return fmt.Errorf("train: %s: log_every = %d, want ≥ 1", t.Name, t.LogEvery)
	}
	start, err := t.restore(run)
	if err != nil {
		return err
	}
	lines, err := run.Lines("metrics.jsonl")
	if err != nil {
		return err
	}
	progress.Begin(t.Name, start, t.Steps)
	sums, count, saved := make([]float64, len(t.Columns)), 0, start
	for step := start + 1; step <= t.Steps; step++ {
		// An interrupted training continues to the end of the line, where a checkpoint can be written: at most LogEvery steps.
		if ctx.Err() != nil && count == 0 {
			return t.interrupted(ctx, run, step-1)
		}
		values, err := t.Step(step)
		if err != nil {
			return fmt.Errorf("train: %s step %d: %w", t.Name, step, err)
		}
		if len(values) != len(t.Columns) {
			return fmt.Errorf("train: %s step %d: %d values, want one for each of %q", t.Name, step, len(values), t.Columns)
		}
		for i, v := range values {
			sums[i] += v
		}
		count++
		progress.Step(step, t.Columns, values)
		if step == start+1 {
			engine.TrimMemory() // the first step compiles
		}
		if step%t.LogEvery == 0 || step == t.Steps {
			mean := make(map[string]float64, len(sums))
			numbers := make(map[string]record.Number, len(sums))
			for i, name := range t.Columns {
				mean[name] = sums[i] / float64(count)
				numbers[name] = record.Number(mean[name])
				sums[i] = 0
			}
			count = 0
			if err := lines.Append(step, numbers); err != nil {
				return err
			}
			if t.AfterLog != nil {
				if err := t.AfterLog(step, mean); err != nil {
					return err
				}
			}
		}
		// Checkpoints are written where a line ends, so that no partial sum is lost. The last one is for whoever cannot write the result.
		if last := step == t.Steps; t.CheckpointEvery > 0 && count == 0 && (last || step-saved >= t.CheckpointEvery) {
			if err := t.save(run, step); err != nil && !last {
				return err
			}
			saved = step
		}
	}
	progress.End()
	return nil
}

func (t Task) restore(run *record.Run) (step int, err error) {
	step, dir, ok := run.LatestCheckpoint()
	if !ok {
		return 0, nil
	}
	if err := record.LoadStore(filepath.Join(dir, stateFile), t.Store); err != nil {
		return 0, fmt.Errorf("train: %s: checkpoint of step %d: %w", t.Name, step, err)
	}
	return step, nil
}

func (t Task) save(run *record.Run, step int) error {
	return run.SaveCheckpoint(step, func(dir string) error { return record.SaveStore(filepath.Join(dir, stateFile), t.Store, t.Frozen...) })
}

func (t Task) interrupted(ctx context.Context, run *record.Run, step int) error {
	if step > 0 {
		if err := t.save(run, step); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "\n%s: interrupted after step %d; the same command resumes from there\n", t.Name, step)
	return ctx.Err()
}

// Finite reports whether all values are finite; a training whose loss is not has diverged.
func Finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
