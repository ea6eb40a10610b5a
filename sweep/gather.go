package sweep

import (
	"fmt"
	"slices"

	"github.com/addlab/addlab/record"
)

// Gather finds the finished results of a plan and the jobs without one. It needs only Plan, Runs and Finished.
func (s Sweep) Gather() (results Results, todo []Job, err error) {
	results = Results{}
	for _, job := range s.Plan.Jobs {
		outcome, found, err := s.find(job)
		if err != nil {
			return results, todo, err
		}
		if !found {
			todo = append(todo, job)
			continue
		}
		results[job.Hash] = outcome
	}
	return results, todo, nil
}

// roots are the places where the result of a job may be.
func (s Sweep) roots(job Job) []*record.Runs {
	if job.Train != nil {
		return []*record.Runs{s.Runs}
	}
	return append([]*record.Runs{s.Runs}, s.Finished...)
}

// find looks for the result of a job: its evaluation, or the divergence of its training.
func (s Sweep) find(job Job) (outcome Outcome, found bool, err error) {
	scored, found, err := record.Find(job.Evaluation, s.roots(job)...)
	if err != nil {
		return outcome, false, err
	}
	outcome.Job = job
	if found {
		outcome.Scored, outcome.Records = scored, []record.Saved{scored}
		if err := scored.Result(&outcome.Evaluated); err != nil {
			return outcome, false, err
		}
		if e := outcome.Evaluated; e.Diverged == "" && (e.FID == 0 || e.CLIP == 0) { // a missing field reads as 0
			return outcome, false, fmt.Errorf("sweep: %s has fid = %v and clip = %v, want numbers: remove it to measure again", scored, e.FID, e.CLIP)
		}
	}
	if job.Train == nil {
		return outcome, found, nil
	}
	run, trained, err := s.findTrained(job)
	if err != nil {
		return outcome, false, err
	}
	if run.Finished() {
		outcome.Records, outcome.TrainSeconds = slices.Insert(outcome.Records, 0, run), trained.Seconds
	}
	if !found && trained.Diverged != "" {
		outcome.Diverged, found = trained.Diverged, true
	}
	return outcome, found, nil
}

// findTrained looks for a finished training; the zero run is none.
func (s Sweep) findTrained(job Job) (run record.Saved, trained Trained, err error) {
	run, found, err := record.Find(job.Train, s.Runs)
	if err != nil || !found {
		return run, trained, err
	}
	err = run.Result(&trained)
	if len(run.Environments()) > 1 {
		trained.Seconds = 0 // older records have those of the last process
	}
	return run, trained, err
}
