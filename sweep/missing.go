package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

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
	return fmt.Errorf("sweep: finished trainings without their students: %s: remove a run's folder or line to train it again, or ask for other seeds",
		strings.Join(missing, "; "))
}

// check compares the student with the result of its training.
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
