package sweep

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// Metrics and files of one measurement are finished while the next student is trained.
func TestMeasuresWhileTheNextIsTrained(t *testing.T) {
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	l := &overlapping{reckoning: make(chan struct{})}
	o := l.options(p, t.TempDir())
	o.Worker = l
	results, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(p.Jobs) || l.beside != 3 {
		t.Errorf("%d results, %d trainings beside a measurement, want %d and 3: all but the first", len(results), l.beside, len(p.Jobs))
	}
}

// overlapping lets no measurement end before the training after it has begun.
type overlapping struct {
	laboratory
	reckoning chan struct{}
	beside    int
}

func (l *overlapping) Train(ctx context.Context, cfg distill.Config, run *record.Run) error {
	if l.trained == 0 { // nothing is measured yet
		return l.laboratory.Train(ctx, cfg, run)
	}
	select {
	case <-l.reckoning:
		l.beside++
	case <-time.After(time.Minute):
		return errors.New("no measurement waits for this training")
	}
	return l.laboratory.Train(ctx, cfg, run)
}

func (l *overlapping) Evaluate(ctx context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	metrics, p, err := l.laboratory.Evaluate(ctx, e, student)
	if student == "" || e.Sampling.Steps > 1 || l.trained == 4 { // no training follows
		return metrics, p, err
	}
	return func() (protocol.Metrics, error) {
		l.reckoning <- struct{}{}
		return metrics()
	}, p, err
}

// A fault of a measurement that is finished in the background ends the sweep, and what was drawn meanwhile is scored all the same.
func TestFaultInTheBackgroundLosesNothing(t *testing.T) {
	p, root := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1), t.TempDir()
	l := &unscored{}
	o := l.options(p, root)
	o.Worker = l
	results, err := o.Run(t.Context())
	if !errors.Is(err, errPower) || !strings.Contains(err.Error(), "default cell, seed 1") {
		t.Errorf("error = %v, want the fault and its cell", err)
	}
	if len(results) != 1 || l.trained != 2 {
		t.Errorf("results = %d, trained = %d, want 1 and 2: that of the cell after the fault", len(results), l.trained)
	}
	o.Worker = &l.laboratory
	if results, err = o.Run(t.Context()); err != nil || len(results) != len(p.Jobs) || l.trained != 4 {
		t.Errorf("again: %d results, %d trained, error %v, want %d and 4", len(results), l.trained, err, len(p.Jobs))
	}
}

// unscored cannot score the first picture set.
type unscored struct{ laboratory }

func (l *unscored) Evaluate(ctx context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	metrics, p, err := l.laboratory.Evaluate(ctx, e, student)
	if l.evaluated == 1 {
		metrics = func() (protocol.Metrics, error) { return protocol.Metrics{}, errPower }
	}
	return metrics, p, err
}

func TestAxesAreCompletedEarly(t *testing.T) {
	l := &laboratory{}
	p := newTestPlan(t, []ablations.Axis{ablations.StudentInit, ablations.Augment}, 1, 2)
	o := l.options(p, t.TempDir())
	var done []string
	o.Completed = func(axis ablations.Axis, results Results) (string, error) {
		done = append(done, axis.Name)
		return axis.Name + " is there", nil
	}
	if _, err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"student-init", "augment", "student-init", "augment"}, done); diff != "" {
		t.Errorf("completed (-want +got)\n%s", diff)
	}
}

// What another process held and finished completes a table here too, and the rows that it made are in it.
func TestOthersCompleteAxesToo(t *testing.T) {
	p, root := newTestPlan(t, []ablations.Axis{ablations.StudentInit}, 1, 2), t.TempDir()
	job, _ := p.Job(ablations.StudentInit.Name, ablations.StudentInit.Cells[0].Name, 1)
	l := &laboratory{}
	o := l.options(p, root)
	if err := os.MkdirAll(o.Runs.Dir(), 0o777); err != nil {
		t.Fatal(err)
	}
	held, err := record.Open(t.Context(), o.Runs.Dir(), job.Train, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	var rows []int
	l.fails = func(cfg distill.Config) bool {
		if cfg.Seed == 2 && held != nil { // the other process finishes while this one is at the second seed
			held.Close()
			held = nil
			other := &laboratory{}
			alone := other.options(newTestPlan(t, []ablations.Axis{ablations.StudentInit}, 1), root)
			if _, err := alone.Run(t.Context()); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	o.Completed = func(axis ablations.Axis, results Results) (string, error) {
		rows = append(rows, p.complete(axis, results))
		return "", nil
	}
	if _, err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2}, rows); diff != "" {
		t.Errorf("complete seeds of the tables (-want +got)\n%s", diff)
	}
}
