package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Forecast is the state of a job, and how long it should take.
type Forecast struct {
	Job       Job
	Done      bool
	Expected  time.Duration // training and sampling; 0 where nothing of the kind has been timed
	Elsewhere bool          // Expected is from committed runs, on another machine
}

// trainingKind names what determines the speed of a training step.
func trainingKind(c distill.Config) string {
	kind := fmt.Sprintf("training %s, batch %d, consistency %t, fake score %t", c.StudentNet, c.Batch*max(1, c.Accumulate), c.Consistency != nil, c.Matching != nil)
	if c.Method != nil {
		kind += ", method " + c.Method.Name()
	}
	if c.Adversarial > 0 {
		kind += fmt.Sprintf(", features %s, %d updates", c.FeaturesNet+c.FeaturesBeside, c.DiscriminatorUpdates)
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
	committed, err := s.paceOf(s.Finished...)
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
		list[i].Expected, list[i].Elsewhere = own.job(f.Job, train, committed)
	}
	return list, nil
}

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
			if done && outcome.TrainSeconds > 0 && job.Train.Distill.Steps > 1 { // one step alone is compiling
				cfg := job.Train.Distill
				t = append(t, timing{trainingKind(cfg), began(outcome.Records[0]), outcome.TrainSeconds / float64(cfg.Steps)})
			}
		}
	}
	return t, nil
}

func (t timings) job(job Job, train bool, committed timings) (expected time.Duration, elsewhere bool) {
	call, elsewhere := t.expect(job.Evaluation.Net, committed)
	seconds := call * float64(job.calls())
	if train {
		step, there := t.expect(trainingKind(job.Train.Distill), committed)
		if step == 0 {
			return 0, there
		}
		seconds, elsewhere = seconds+step*float64(job.Train.Distill.Steps), elsewhere || there
	}
	return time.Duration(seconds * float64(time.Second)), elsewhere
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

// expect is the median of the latest few runs of a kind, else that of committed ones. It is 0 where none was timed.
func (t timings) expect(kind string, committed timings) (seconds float64, elsewhere bool) {
	alike := slices.DeleteFunc(slices.Clone(t), func(x timing) bool { return x.kind != kind })
	if len(alike) == 0 {
		if committed == nil {
			return 0, false
		}
		seconds, _ = committed.expect(kind, nil)
		return seconds, true
	}
	slices.SortStableFunc(alike, func(a, b timing) int { return b.began.Compare(a.began) })
	alike = alike[:min(len(alike), latestFew)]
	slices.SortFunc(alike, func(a, b timing) int { return cmp.Compare(a.seconds, b.seconds) })
	return alike[len(alike)/2].seconds, false
}

// began is when a run began; the zero time where that is not known.
func began(run record.Saved) time.Time {
	for _, env := range run.Environments() {
		return env.Time
	}
	return time.Time{}
}
