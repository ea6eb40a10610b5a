package sweep

import (
	"errors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// What is measured.
const (
	Student = "student"
	Teacher = "teacher"
	Real    = "real" // held-out pictures against others: the floor of FID
)

// Sampling is how pictures are drawn from a model.
type Sampling struct {
	Sampler  string  `json:"sampler"` // name of a diffusion.Sampler
	Steps    int     `json:"steps"`
	Guidance float64 `json:"guidance,omitempty"`
	Times    []int   `json:"times,omitempty"` // of a few-step sampler, in the paper's timesteps

	UnitNoise bool `json:"unit_noise,omitempty"` // see pipeline.Sampling
}

// Evaluation names a measurement, as distill.RunConfig names a training.
type Evaluation struct {
	Kind     string            `json:"kind"`
	Recipe   int               `json:"recipe"`
	Subject  string            `json:"subject"`       // Student, Teacher or Real
	Run      string            `json:"run,omitempty"` // hash of the training that the student came from
	Net      string            `json:"net,omitempty"` // part of the bundle that has the subject's architecture; "" for the teacher
	Sampling *Sampling         `json:"sampling,omitempty"`
	DataHash string            `json:"data_hash"`
	Weights  map[string]string `json:"weights"` // SHA-256 of the networks that draw and score
	Setup    protocol.Setup    `json:"setup"`
}

// unscored tells that no network scores captions: there is no CLIP score.
func (e Evaluation) unscored() bool {
	return e.Weights[FeaturesRole] != "" && e.Weights[CaptionsRole] == ""
}

// Roles of a published model's extractors.
const (
	FeaturesRole = "extractor" // FID, precision and recall
	CaptionsRole = "clip"      // CLIP score
)

// evaluationRecipe changes when the same evaluation gives other numbers.
const evaluationRecipe = 1

// Job is one thing to measure and, for a student, to train before.
type Job struct {
	Label      string // "disc-cond/none, seed 1"
	Hash       string // of Evaluation
	Evaluation Evaluation
	Train      *distill.RunConfig // nil where there is nothing to train
	Seed       int64              // of the training
}

// sampling is how the subject's pictures are drawn; student is the file of its weights.
func (e Evaluation) sampling(student string) (pipeline.Sampling, error) {
	s := e.Sampling
	sampler, err := diffusion.SamplerByName(s.Sampler)
	if err != nil {
		return pipeline.Sampling{}, err
	}
	if f, ok := sampler.(diffusion.FewStep); ok {
		few := pipeline.FewSteps(student, s.Times, s.Steps, f.Form).For(e.Net)
		few.UnitNoise = s.UnitNoise
		return few, nil
	}
	return pipeline.Sampling{Sampler: sampler, Steps: s.Steps, Guidance: s.Guidance, Student: student, Net: e.Net}, nil
}

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

func (r Results) of(hashes ...string) (found []Outcome) {
	for _, hash := range hashes {
		if o, ok := r[hash]; ok {
			found = append(found, o)
		}
	}
	return found
}
