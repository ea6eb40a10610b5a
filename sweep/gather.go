package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/network/weights"
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

// find looks for the result of a job: its evaluation, or the divergence of its training.
func (s Sweep) find(job Job) (outcome Outcome, found bool, err error) {
	places := []*record.Runs{s.Runs}
	if job.Train == nil {
		places = append(places, s.Finished...)
	}
	scored, found, err := record.Find(job.Evaluation, places...)
	if err != nil {
		return outcome, false, err
	}
	outcome.Job = job
	if found {
		outcome.Scored, outcome.Records = scored, []record.Saved{scored}
		if err := scored.Result(&outcome.Evaluated); err != nil {
			return outcome, false, err
		}
		if e := outcome.Evaluated; e.Diverged == "" && (e.FID == 0 || e.CLIP == 0 && !job.Evaluation.unscored()) { // a missing field reads as 0
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

// MissingStudents is an error that names finished trainings whose student is still to be measured and is missing or changed. Committed
// results have no weights. A second training would mix its scores with those of the first, so that is left to the user.
func (s Sweep) MissingStudents(todo []Job) error {
	var missing []string
	asked := map[string]bool{}
	for _, job := range todo {
		if job.Train == nil || asked[job.Evaluation.Run] {
			continue
		}
		asked[job.Evaluation.Run] = true
		run, trained, err := s.findTrained(job)
		if err != nil {
			return err
		}
		if !run.Finished() || trained.Diverged != "" {
			continue
		}
		if err := trained.check(run); err != nil {
			missing = append(missing, fmt.Sprintf("%s: %v", job.Label, err))
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("sweep: finished trainings without their students: %s: remove a run's folder or line, and those of its measurements, to train it again, or ask for other seeds",
		strings.Join(missing, "; "))
}

func (t Trained) check(run record.Saved) error {
	if run.Dir() == "" {
		return fmt.Errorf("%s has no weights", run)
	}
	path := filepath.Join(run.Dir(), distill.StudentFile)
	have, err := weights.SHA256(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s is not there", path)
	case err != nil:
		return err
	case have != t.SHA256:
		return fmt.Errorf("%s has SHA-256 %.12s…, want %.12s… as its result.json says", path, have, t.SHA256)
	}
	return nil
}
