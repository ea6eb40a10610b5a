package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Forecast is the state of a job, and how long it should take.
type Forecast struct {
	Job      Job
	Done     bool
	Expected time.Duration // training and sampling; 0 where nothing has been timed
	Basis    Basis         // of Expected
}

// training begins the kinds of training steps; other kinds are of pictures per call of a network.
const training = "training "

// trainingKind names what determines the speed of a training step.
func trainingKind(c distill.Config) string {
	kind := fmt.Sprintf("%s%s, consistency %t", training, c.StudentNet, c.Consistency != nil)
	if c.Adversarial > 0 {
		kind += ", features " + c.FeaturesNet
	}
	if c.Lambda > 0 {
		kind += fmt.Sprintf(", teacher %s, %d steps", c.TeacherNet, c.TeacherSteps)
	}
	return kind
}

// Forecast looks through the finished runs of a plan, and estimates from their speed how long the others take.
func (s Sweep) Forecast() ([]Forecast, error) {
	var list []Forecast
	for _, job := range s.Plan.Jobs {
		_, done, err := s.find(job)
		if err != nil {
			return nil, err
		}
		list = append(list, Forecast{Job: job, Done: done})
	}
	own, err := s.paceOf(s.Runs)
	if err != nil {
		return nil, err
	}
	elsewhere, err := s.paceOf(s.Finished...)
	if err != nil {
		return nil, err
	}
	charged := map[string]bool{} // a training serves several jobs and is done once
	for i, f := range list {
		if f.Done {
			continue
		}
		train := false
		if f.Job.Train != nil && !charged[f.Job.Evaluation.Run] {
			charged[f.Job.Evaluation.Run] = true
			run, _, err := s.findTrained(f.Job)
			if err != nil {
				return nil, err
			}
			train = !run.Finished()
		}
		list[i].Expected, list[i].Basis = own.job(f.Job, train, elsewhere)
	}
	return list, nil
}

// paceOf is the speed of a plan's finished runs in some places.
func (s Sweep) paceOf(places ...*record.Runs) (t timings, err error) {
	for _, runs := range places {
		there := Sweep{Plan: s.Plan, Runs: runs}
		for _, job := range s.Plan.Jobs {
			outcome, done, err := there.find(job)
			if err != nil {
				return t, err
			}
			if n := job.calls(); done && n > 0 && outcome.Seconds > 0 {
				t = append(t, timing{job.Evaluation.Net, began(outcome.Scored), outcome.Seconds / float64(n)})
			}
			if done && outcome.TrainSeconds > 0 {
				cfg := job.Train.Distill
				t = append(t, timing{trainingKind(cfg), began(outcome.Records[0]), outcome.TrainSeconds / float64(cfg.Steps)})
			}
		}
	}
	return t, nil
}

func (t timings) job(job Job, train bool, elsewhere timings) (time.Duration, Basis) {
	call, basis := t.expect(job.Evaluation.Net, elsewhere)
	seconds := call * float64(job.calls())
	if train {
		step, of := t.expect(trainingKind(job.Train.Distill), elsewhere)
		if step == 0 {
			return 0, of
		}
		seconds, basis = seconds+step*float64(job.Train.Distill.Steps), max(basis, of)
	}
	return time.Duration(seconds * float64(time.Second)), basis
}

// calls counts evaluations of the network: pictures × steps, twice with guidance.
func (j Job) calls() int {
	s := j.Evaluation.Sampling
	if s == nil {
		return 0
	}
	n := j.Evaluation.Setup.Images * s.Steps
	if diffusion.Guided(s.Guidance) {
		n *= 2
	}
	return n
}

// timings are the seconds that runs of some kinds took. The median of the latest few counts: results move between machines, and
// machines are busy at times.
type timings []timing

type timing struct {
	kind    string
	began   time.Time
	seconds float64
}

// latestFew is the number of runs in the median: two on a new machine outvote an older one.
const latestFew = 3

// Basis is the source of a [Forecast].
type Basis int

const (
	OwnRuns       Basis = iota // own runs of the same kind
	OtherKind                  // own runs of another kind, scaled by the committed runs of both kinds where there are some
	CommittedRuns              // committed runs, on another machine
)

// expect takes own runs of the kind, else of another kind, else runs elsewhere. It is 0 where nothing was timed.
func (t timings) expect(kind string, elsewhere timings) (seconds float64, basis Basis) {
	if seconds := t.of(kind); seconds > 0 {
		return seconds, OwnRuns
	}
	alike := slices.DeleteFunc(slices.Clone(t), func(x timing) bool { return strings.HasPrefix(x.kind, training) != strings.HasPrefix(kind, training) })
	there := elsewhere.of(kind)
	for _, x := range slices.Backward(alike) {
		if other := elsewhere.of(x.kind); other > 0 && there > 0 {
			return t.of(x.kind) * there / other, OtherKind
		}
	}
	if len(alike) > 0 {
		return alike.middle(), OtherKind
	}
	return there, CommittedRuns
}

func (t timings) of(kind string) float64 {
	return slices.DeleteFunc(slices.Clone(t), func(x timing) bool { return x.kind != kind }).middle()
}

// middle is the median of the latest few, 0 where there are none.
func (t timings) middle() float64 {
	if len(t) == 0 {
		return 0
	}
	latest := slices.SortedStableFunc(slices.Values(t), func(a, b timing) int { return b.began.Compare(a.began) })
	latest = latest[:min(len(latest), latestFew)]
	slices.SortFunc(latest, func(a, b timing) int { return cmp.Compare(a.seconds, b.seconds) })
	return latest[len(latest)/2].seconds
}

// began is when a run began; the zero time where that is not known.
func began(run record.Saved) time.Time {
	for _, env := range run.Environments() {
		return env.Time
	}
	return time.Time{}
}
