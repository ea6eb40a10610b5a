package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// Worker does the jobs of a sweep. An error that is distill.ErrDiverged is a result.
type Worker interface {
	// Environment says on what the work is done. It is asked once there is something to do.
	Environment(ctx context.Context) (record.Environment, error)

	// Train writes distill.StudentFile to the folder of a run, from the run's latest checkpoint on. It does not finish the run.
	Train(ctx context.Context, cfg distill.Config, run *record.Run) error

	// Evaluate draws a subject's pictures and gives the first of them. student is the file of the weights, "" for other subjects.
	// The metrics come from a function that needs no engine: the next training runs meanwhile.
	Evaluate(ctx context.Context, e Evaluation, student string) (metrics func() (protocol.Metrics, error), p Pictures, err error)
}

// Sweep finds or makes the results of a plan.
type Sweep struct {
	Plan      *Plan
	Runs      *record.Runs
	Finished  []*record.Runs // committed ones, whose scores of real pictures and teacher are taken over
	Processes int            // number of processes that share the sweep; 0 where unknown
	Worker    Worker
	Out       io.Writer

	// Completed, if set, is called when another seed has all cells of an axis. Its note is printed.
	Completed func(axis ablations.Axis, results Results) (note string, err error)
}

// Run finds or makes the results of a plan. A diverged training is a result. Any other error ends the sweep and comes with the finished
// results; the next Run continues from there.
func (s Sweep) Run(ctx context.Context) (Results, error) {
	results, todo, err := s.Gather()
	if err != nil || len(todo) == 0 {
		return results, err
	}
	if err := s.MissingStudents(todo); err != nil { // before hours of other work
		return results, err
	}

	env, err := s.Worker.Environment(ctx)
	if err != nil {
		return results, err
	}
	if err := os.MkdirAll(s.Runs.Dir(), 0o777); err != nil {
		return results, fmt.Errorf("sweep: %w", err)
	}
	return results, s.work(ctx, todo, results, env)
}

// work does the jobs. It postpones those that another process holds, so that several processes share a sweep, and waits for them in
// the end.
func (s Sweep) work(ctx context.Context, todo []Job, results Results, env record.Environment) (err error) {
	try := func(config any) (*record.Run, error) { return record.TryOpen(s.Runs.Dir(), config, env) }
	wait := func(config any) (*record.Run, error) { return record.Open(ctx, s.Runs.Dir(), config, env) }
	scoring := &background{Sweep: s, results: results}
	defer func() { err = errors.Join(err, scoring.wait()) }()
	left := len(todo)
	for _, open := range []opener{try, wait} {
		var held []Job
		for i, job := range todo {
			_, found, err := s.find(job) // another process may have finished it
			settle := nothing
			if err == nil && !found {
				settle, err = s.measure(ctx, job, s.announced(open, len(s.Plan.Jobs)-left+1, job))
			}
			if errors.Is(err, record.ErrHeld) {
				if s.Processes == 0 { // else it is expected
					fmt.Fprintf(s.Out, "%s: another process runs it, continuing with the next\n", job.Label)
				}
				held = append(held, job)
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", job.Label, err)
			}
			left--
			last := i == len(todo)-1 && len(held) == 0 // the caller writes the tables
			if err := scoring.follow(job, settle, last); err != nil {
				return err
			}
		}
		todo = held
	}
	return nil
}

// announced is open, which also prints the job once, and how long the sweep still takes where that is known.
func (s Sweep) announced(open opener, number int, job Job) opener {
	said := false
	return func(config any) (*record.Run, error) {
		run, err := open(config)
		if err == nil && !said {
			forecast, _ := s.Forecast()
			fmt.Fprintf(s.Out, "[%d/%d] %s%s\n", number, len(s.Plan.Jobs), job.Label, remaining(forecast, max(s.Processes, 1)))
			said = true
		}
		return run, err
	}
}

// remaining says how long processes that share a sweep still need. It is "" where the speed of a job on this machine is unknown.
func remaining(forecast []Forecast, processes int) string {
	var sum time.Duration
	for _, f := range forecast {
		if !f.Done && (f.Expected == 0 || f.Elsewhere) && f.Job.Evaluation.Subject != Real {
			return ""
		}
		sum += f.Expected
	}
	if sum == 0 {
		return ""
	}
	return fmt.Sprintf(" (about %s left for all)", (sum / time.Duration(processes)).Round(time.Second))
}

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
