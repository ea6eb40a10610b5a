package sweep

import (
	"errors"
	"fmt"
	"maps"
)

// background finishes one evaluation at a time while the engine does the next job: metrics, pictures and tables need no engine.
// Until wait returns, only it may touch results.
type background struct {
	Sweep
	results Results

	done  chan error // nil while idle
	notes []string
}

// follow waits for the evaluation before and begins to finish this one. On error, it finishes this one first, then returns the error.
func (b *background) follow(job Job, settle func() error, last bool) error {
	if err := b.wait(); err != nil {
		return errors.Join(err, b.finish(job, settle, last))
	}
	b.done = make(chan error, 1)
	go func() { b.done <- b.finish(job, settle, last) }()
	return nil
}

// wait prints what was completed: here it cannot fall into a progress line.
func (b *background) wait() error {
	if b.done == nil {
		return nil
	}
	err := <-b.done
	b.done = nil
	for _, note := range b.notes {
		fmt.Fprintln(b.Out, note)
	}
	b.notes = nil
	return err
}

func (b *background) finish(job Job, settle func() error, last bool) error {
	if err := settle(); err != nil {
		return fmt.Errorf("%s: %w", job.Label, err)
	}
	outcome, _, err := b.find(job)
	if err != nil {
		return fmt.Errorf("%s: %w", job.Label, err)
	}
	var before []int // seeds for which Completed was called
	for _, axis := range b.Plan.Axes {
		before = append(before, b.Plan.complete(axis, b.results))
	}
	b.results[job.Hash] = outcome
	if b.Completed == nil || last {
		return nil
	}
	others, _, err := b.Gather() // other processes finish cells too
	if err != nil {
		return err
	}
	maps.Copy(b.results, others)
	for i, axis := range b.Plan.Axes {
		if b.Plan.complete(axis, b.results) == before[i] {
			continue
		}
		note, err := b.Completed(axis, b.results)
		if err != nil {
			return err
		}
		b.notes = append(b.notes, note)
	}
	return nil
}
