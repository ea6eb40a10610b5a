package sweep

import (
	"fmt"

	"github.com/addlab/addlab/record"
)

// Gather finds the results of a plan that are there, and lists the jobs that have none. It needs nothing but Plan, Runs and Finished.
func (o Sweep) Gather() (results Results, todo []Job, err error) {
	results = Results{}
	for _, job := range o.Plan.Jobs {
		outcome, found, err := o.find(job)
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

// roots are the folders in which the result of a job is looked for.
func (o Sweep) roots(job Job) []string {
	if job.Train != nil {
		return []string{o.Runs}
	}
	return append([]string{o.Runs}, o.Finished...)
}

// find looks for the result of a job, which is its evaluation or the training's divergence.
func (o Sweep) find(job Job) (outcome Outcome, found bool, err error) {
	dir, found, err := record.Find(o.roots(job), job.Evaluation)
	if err != nil {
		return outcome, false, err
	}
	outcome.Job = job
	if found {
		outcome.Dir, outcome.Dirs = dir, []string{dir}
		if err := record.ReadResult(dir, &outcome.Evaluated); err != nil {
			return outcome, false, err
		}
		if e := outcome.Evaluated; e.Diverged == "" && (e.FID == 0 || e.CLIP == 0) { // a field that is not there reads as 0
			return outcome, false, fmt.Errorf("sweep: the result.json of %s has fid = %v and clip = %v, want numbers: remove the folder to measure again", dir, e.FID, e.CLIP)
		}
	}
	if job.Train == nil {
		return outcome, found, nil
	}
	dir, trained, err := o.findTrained(job)
	if err != nil {
		return outcome, false, err
	}
	if dir != "" {
		outcome.Dirs, outcome.TrainSeconds = append(outcome.Dirs, dir), trained.Seconds
	}
	if !found && trained.Diverged != "" {
		outcome.Diverged, found = trained.Diverged, true
	}
	return outcome, found, nil
}

// findTrained looks for a finished training; dir is "" where there is none.
func (o Sweep) findTrained(job Job) (dir string, trained Trained, err error) {
	dir, finished, err := record.Find([]string{o.Runs}, job.Train)
	if err != nil || !finished {
		return "", Trained{}, err
	}
	err = record.ReadResult(dir, &trained)
	if len(record.Environments(dir)) > 1 {
		trained.Seconds = 0 // older records have those of the last process
	}
	return dir, trained, err
}
