package sweep

import (
	"errors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// Trained is the result of a training.
type Trained struct {
	Steps    int     `json:"steps"`
	Seconds  float64 `json:"seconds"`            // 0 where it was interrupted
	SHA256   string  `json:"sha256,omitempty"`   // of the student
	Diverged string  `json:"diverged,omitempty"` // what happened, where there is no student
}

// Err says why there is no student. It is nil where there is one.
func (t Trained) Err() error {
	if t.Diverged == "" {
		return nil
	}
	return errors.New(t.Diverged)
}

// Evaluated is the result of an evaluation.
type Evaluated struct {
	protocol.Metrics
	Diverged string   `json:"diverged,omitempty"` // why there are no metrics
	Captions []string `json:"captions"`           // of the samples
}

// Pictures are samples with their captions. All subjects draw the same captions from the same noise.
type Pictures struct {
	Captions []string
	Images   []dataset.Image
}

// Outcome is the result of a job: scores, or in Diverged why there are none.
type Outcome struct {
	Job
	Evaluated
	TrainSeconds float64 // 0 where the training was interrupted

	Scored  record.Saved   // the evaluation; zero where the training diverged
	Records []record.Saved // all runs behind the outcome, a training first
}

// Results are outcomes by the job's hash.
type Results map[string]Outcome
