package sweep

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
)

// What is done takes no time, what is left takes as long as its likes did, and a training that serves three jobs counts once.
func TestForecast(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1, 2)
	o := l.options(p, root)
	list, err := o.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Done || f.Expected != 0 {
			t.Errorf("%s: done %v, %s, want nothing known before anything is done", f.Job.Label, f.Done, f.Expected)
		}
	}

	// The first seed is done, the second is not begun.
	l.fails = func(c distill.Config) bool { return c.Seed == 2 }
	if _, err := o.Run(t.Context()); !errors.Is(err, errPower) {
		t.Fatalf("error %v, want the laboratory's", err)
	}
	pace := timings{{seconds: .5}}
	for _, cell := range ablations.DiscCond.Cells {
		pace = append(pace, timing{kind: trainingKind(cell.Config(p.Jobs[0].Train.Distill)), seconds: 2})
	}
	list, err = o.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	trainings := map[string]int{}
	for _, f := range list {
		if f.Done != (f.Job.Seed != 2) {
			t.Errorf("%s: done %v", f.Job.Label, f.Done)
		}
		if f.Job.Train == nil || f.Done {
			continue
		}
		sampling := time.Duration(float64(f.Job.calls()) * .5 * float64(time.Second))
		want := sampling + time.Duration(2*f.Job.Train.Distill.Steps)*time.Second
		if got, elsewhere := pace.job(f.Job, true, nil); got != want || elsewhere {
			t.Errorf("%s: %s (elsewhere: %t), want %s from own runs", f.Job.Label, got, elsewhere, want)
		}
		if f.Expected > 0 {
			trainings[f.Job.Evaluation.Run]++
		}
	}
	if len(trainings) != 4 {
		t.Errorf("trainings that are expected to take time = %v, want the four of seed 2", trainings)
	}
	for run, n := range trainings {
		if n != 1 {
			t.Errorf("training %s is counted %d times", run, n)
		}
	}
}

func TestRemainingIsSaidWhereAllIsKnown(t *testing.T) {
	job := func(subject string) Job { return Job{Evaluation: Evaluation{Subject: subject}} }
	known := []Forecast{{Job: job(Student), Expected: 90 * time.Second}, {Job: job(Student), Done: true}, {Job: job(Real)}}
	if got := remaining(known, 1); !strings.Contains(got, "1m30s") {
		t.Errorf("remaining = %q, want 1m30s", got)
	}
	if got := remaining(append(known, Forecast{Job: job(Student), Expected: time.Hour, Elsewhere: true}), 1); got != "" {
		t.Errorf("remaining = %q, want nothing where only another machine's speed is known", got)
	}
	if got := remaining(append(known, Forecast{Job: job(Teacher)}), 1); got != "" {
		t.Errorf("remaining = %q, want nothing where a part is not known", got)
	}
}

// A sweep that goes on elsewhere soon knows the new machine, and a large network is not taken for as fast as a small one.
func TestTheLatestRunsAlikeTellTheTime(t *testing.T) {
	small, large := "", "teacher-l"
	var p timings
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC) }
	if got, _ := p.expect(small, nil); got != 0 {
		t.Errorf("of nothing: %g, want 0", got)
	}
	for i, seconds := range []float64{1, 1, 1, 1} {
		p = append(p, timing{small, at(i), seconds})
	}
	if got, _ := p.expect(large, nil); got != 0 {
		t.Errorf("large, before any of it is done: %g, want 0", got)
	}
	committed := timings{{large, at(0), 9}}
	if got, elsewhere := p.expect(large, committed); got != 9 || !elsewhere {
		t.Errorf("large, nothing done here: %g (elsewhere: %t), want 9, the committed run's", got, elsewhere)
	}
	p = append(p, timing{large, at(4), 2})
	if got, _ := p.expect(large, nil); got != 2 {
		t.Errorf("large: %g, want 2", got)
	}
	p = append(p, timing{small, at(5), .1}) // the end of an interrupted one
	if got, _ := p.expect(small, nil); got != 1 {
		t.Errorf("small, one of them cut short: %g, want 1", got)
	}
	p = append(p, timing{small, at(7), 3})
	p = append(p, timing{small, at(6), 3})
	if got, _ := p.expect(small, nil); got != 3 {
		t.Errorf("small, after two on a slower machine: %g, want 3", got)
	}
}
