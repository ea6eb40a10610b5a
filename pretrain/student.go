package pretrain

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// studentFile names the student among the files of a bundle.
const studentFile = "student"

// Student describes the student that a bundle ships, which draws in one step before anything is trained.
type Student struct {
	About   string `json:"about"` // the recipe in words
	Scale   string `json:"scale"`
	Times   []int  `json:"times"`             // of its training, in the paper's timesteps
	Net     string `json:"net,omitempty"`     // variant that has its architecture; "" for the teacher
	Teacher string `json:"teacher,omitempty"` // variant that it learned from; "" for the teacher

	Run         string             `json:"run"` // hash of the training's config
	Config      json.RawMessage    `json:"config"`
	Environment record.Environment `json:"environment"` // of the training
	Setup       any                `json:"setup"`       // of the metrics
	Metrics     any                `json:"metrics"`     // of the shipped file in one step
}

// PutStudent copies a student into the bundle as float16. Killed on the way, it leaves a bundle without a student.
func (b *Bundle) PutStudent(path string, s Student) error {
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	var m manifest
	manifestPath := filepath.Join(b.Dir, manifestName)
	if err := record.ReadJSON(manifestPath, &m); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	m.Student = nil
	delete(m.Files, studentFile)
	if err := record.WriteJSON(manifestPath, m); err != nil {
		return err
	}
	to := filepath.Join(b.Dir, studentFile+".safetensors")
	if err := weights.Write(to, file, weights.F16); err != nil {
		return err
	}
	m.Student = &s
	if m.Files[studentFile], err = weights.SHA256(to); err != nil {
		return err
	}
	return record.WriteJSON(manifestPath, m)
}
