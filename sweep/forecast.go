package sweep

import (
	"time"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
)

// Forecast says of a job of a plan whether it is done and else how long it should take.
type Forecast struct {
	Job      Job
	Done     bool
	Expected time.Duration // training and sampling; 0 where nothing has been timed
	Basis    Basis         // of what is expected
}

// pace is what finished runs needed.
type pace struct {
	step timings[networks] // seconds per training step
	call timings[string]   // seconds per picture and call of the network of this name
}

// networks are what a training step runs.
type networks struct {
	student, teacher, features string // names in the bundle
	teacherSteps               int    // 0 without a distillation loss
	adversarial, consistency   bool
}

func networksOf(c distill.Config) networks {
	n := networks{student: c.StudentNet, adversarial: c.Adversarial > 0, consistency: c.Consistency != nil}
	if n.adversarial {
		n.features = c.FeaturesNet
	}
	if c.Lambda > 0 {
		n.teacher, n.teacherSteps = c.TeacherNet, c.TeacherSteps
	}
	return n
}

// Forecast looks through the finished runs of a plan; what is still to do is reckoned from their speed.
func (o Sweep) Forecast() ([]Forecast, error) {
	var list []Forecast
	for _, job := range o.Plan.Jobs {
		_, done, err := o.find(job)
		if err != nil {
			return nil, err
		}
		list = append(list, Forecast{Job: job, Done: done})
	}
	own, err := o.paceOf(o.Runs)
	if err != nil {
		return nil, err
	}
	elsewhere, err := o.paceOf(o.Finished...)
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
			dir, _, err := o.findTrained(f.Job)
			if err != nil {
				return nil, err
			}
			train = dir == ""
		}
		list[i].Expected, list[i].Basis = own.expect(f.Job, train, elsewhere)
	}
	return list, nil
}

// paceOf is that of a plan's runs that are finished in some folders.
func (o Sweep) paceOf(folders ...string) (p pace, err error) {
	for _, folder := range folders {
		there := Sweep{Plan: o.Plan, Runs: folder}
		for _, job := range o.Plan.Jobs {
			outcome, done, err := there.find(job)
			if err != nil {
				return p, err
			}
			if done {
				if err := p.learn(there, outcome); err != nil {
					return p, err
				}
			}
		}
	}
	return p, nil
}

func (p *pace) learn(o Sweep, outcome Outcome) error {
	if n := outcome.Job.calls(); n > 0 && outcome.Seconds > 0 {
		p.call.add(outcome.Evaluation.Net, began(outcome.Dir), outcome.Seconds/float64(n))
	}
	if outcome.Job.Train == nil {
		return nil
	}
	dir, trained, err := o.findTrained(outcome.Job)
	if err == nil && trained.Steps > 0 && trained.Seconds > 0 {
		p.step.add(networksOf(outcome.Job.Train.Distill), began(dir), trained.Seconds/float64(trained.Steps))
	}
	return err
}

func (p pace) expect(job Job, train bool, elsewhere pace) (time.Duration, Basis) {
	call, basis := p.call.expect(job.Evaluation.Net, elsewhere.call)
	seconds := call * float64(job.calls())
	if train {
		step, of := p.step.expect(networksOf(job.Train.Distill), elsewhere.step)
		if step == 0 {
			return 0, of
		}
		seconds, basis = seconds+step*float64(job.Train.Distill.Steps), max(basis, of)
	}
	return time.Duration(seconds * float64(time.Second)), basis
}

// calls counts the pictures that a network draws, once for each of its steps and twice where they are guided.
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
