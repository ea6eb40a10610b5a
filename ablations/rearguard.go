package ablations

import (
	"errors"
	"fmt"
)

// rearguard finishes one measurement at a time while the engine is at the next job: metrics, pictures and tables need the processor
// alone. Until it is waited for, results are its own.
type rearguard struct {
	Options
	results Results

	done  chan error // nil where nothing is under way
	notes []string
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
	for _, axis := range r.Plan.completed(r.results, job.Hash) {
		note, err := r.Completed(axis, r.results)
		if err != nil {
			return err
		}
		r.notes = append(r.notes, note)
	}
	return nil
}
