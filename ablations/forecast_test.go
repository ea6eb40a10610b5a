package ablations

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/distill"
)

// What is done takes no time, what is left takes as long as its likes did, and a training that serves three jobs counts once.
func TestForecast(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []Axis{DiscCond}, 1, 2)
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
	if _, err := Run(t.Context(), o); !errors.Is(err, errPower) {
		t.Fatalf("error %v, want the laboratory's", err)
	}
	pace := pace{step: []float64{2}, call: []float64{.5}}
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
		if got := pace.expect(f.Job, true); got != want {
			t.Errorf("%s: %s, want %s", f.Job.Label, got, want)
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
	if got := remaining(known); !strings.Contains(got, "1m30s") {
		t.Errorf("remaining = %q, want 1m30s", got)
	}
	if got := remaining(append(known, Forecast{Job: job(Teacher)})); got != "" {
		t.Errorf("remaining = %q, want nothing where a part is not known", got)
	}
}
