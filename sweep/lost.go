package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/network/weights"
)

// Lost tells which finished trainings have a student that the plan still wants measured and that is gone or another one: results that
// came through git have no weights. To train it again would mix its scores with those of the first one, so that is left to the user.
func (o Sweep) Lost() error {
	var lost []string
	asked := map[string]bool{}
	for _, job := range o.Plan.Jobs {
		if job.Train == nil || asked[job.Evaluation.Run] {
			continue
		}
		_, found, err := o.find(job)
		if err != nil {
			return err
		}
		if found {
			continue
		}
		asked[job.Evaluation.Run] = true
		dir, trained, err := o.findTrained(job)
		if err != nil {
			return err
		}
		if dir == "" || trained.Diverged != "" {
			continue
		}
		if err := trained.check(dir); err != nil {
			lost = append(lost, fmt.Sprintf("%s: %v", job.Label, err))
		}
	}
	if lost == nil {
		return nil
	}
	return fmt.Errorf("sweep: finished trainings without their students: %s: remove a run's folder to train it again, or ask for other seeds",
		strings.Join(lost, "; "))
}

// check compares the student with the record of its training.
func (t Trained) check(dir string) error {
	path := filepath.Join(dir, distill.StudentFile)
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
