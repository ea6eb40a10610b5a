package sweep

import (
	"errors"
	"fmt"
	"maps"
)

// rearguard finishes one measurement at a time while the engine is at the next job: metrics, pictures and tables need the processor
// alone. Until it is waited for, results are its own.
type rearguard struct {
	Sweep
	results Results

	complete map[string]int // seeds of an axis that Completed was told of
	done     chan error     // nil where nothing is under way
	notes    []string
}

func newRearguard(o Sweep, results Results) *rearguard {
	r := &rearguard{Sweep: o, results: results, complete: map[string]int{}}
	for _, axis := range o.Plan.Axes {
		r.complete[axis.Name] = o.Plan.complete(axis, results)
	}
	return r
}

// follow waits for the measurement before and begins to finish this one. After a fault it is finished before that is told.
func (r *rearguard) follow(job Job, finish func() (Outcome, error), last bool) error {
	if err := r.wait(); err != nil {
		return errors.Join(err, r.finish(job, finish, last))
	}
	r.done = make(chan error, 1)
	go func() { r.done <- r.finish(job, finish, last) }()
	return nil
}

// wait tells what was completed, which must not stand in the middle of a progress line.
func (r *rearguard) wait() error {
	if r.done == nil {
		return nil
	}
	err := <-r.done
	r.done = nil
	for _, note := range r.notes {
		fmt.Fprintln(r.Out, note)
	}
	r.notes = nil
	return err
}

func (r *rearguard) finish(job Job, finish func() (Outcome, error), last bool) error {
	outcome, err := finish()
	if err != nil {
		return fmt.Errorf("%s: %w", job.Label, err)
	}
	r.results[job.Hash] = outcome
	if r.Completed == nil || last {
		return nil
	}
	others, _, err := r.Gather() // other processes finish cells too
	if err != nil {
		return err
	}
	maps.Copy(r.results, others)
	for _, axis := range r.Plan.Axes {
		seeds := r.Plan.complete(axis, r.results)
		if seeds == r.complete[axis.Name] {
			continue
		}
		note, err := r.Completed(axis, r.results)
		if err != nil {
			return err
		}
		r.complete[axis.Name] = seeds
		r.notes = append(r.notes, note)
	}
	return nil
}
