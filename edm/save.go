package edm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/published"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Metadata of a saved network: its config, and how it draws if it is a student.
const described, drawn = "edm", "student"

// Save writes the network with the weights of a student, which Open opens: safetensors with the config in its metadata, and how the student
// draws. A pickle cannot be written without the code that reads it. The file's folder is made where there is none.
func (m *Model) Save(file string, network *weights.File, student diffusion.FewStep) error {
	f, config := &weights.File{Tensors: network.Tensors, Metadata: map[string]string{}}, m.Network
	config.LabelDropout = 0 // a student learns with classes
	for entry, value := range map[string]any{described: config, drawn: student} {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("edm: %w", err)
		}
		f.Metadata[entry] = string(text)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("edm: %w", err)
	}
	if err := weights.Write(file, f, weights.F32); err != nil {
		return fmt.Errorf("edm: %w", err)
	}
	return nil
}

func openSaved(file string) (*Model, error) {
	header, err := weights.Header(file)
	if err != nil {
		return nil, fmt.Errorf("edm: %w", err)
	}
	text, ok := header.Metadata[described]
	if !ok {
		for name := range header.Tensors { // as Stability AI names the parts of Stable Diffusion
			if strings.HasPrefix(name, "model.diffusion_model.") {
				return nil, published.SingleFile(file)
			}
		}
		return nil, fmt.Errorf("edm: %s: metadata %q is missing, want a network of EDM's that was saved here, a pickle of NVIDIA's, or a folder in diffusers' layout", file, described)
	}
	var cfg network.EDMConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return nil, fmt.Errorf("edm: %s: metadata %q: %w", file, described, err)
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("edm: %s: %w", file, err)
	}
	m := &Model{File: file, Network: cfg, Levels: diffusion.EDMLevelsOf(cfg), tensors: saved{file, header}}
	if text, ok := header.Metadata[drawn]; ok {
		m.Student = &diffusion.FewStep{}
		if err = json.Unmarshal([]byte(text), m.Student); err == nil {
			_, _, err = m.fewSteps(1)
		}
		if err != nil {
			return nil, fmt.Errorf("edm: %s: metadata %q: %w", file, drawn, err)
		}
	}
	return m, nil
}

// fewSteps is Plan of a student: at the levels that it was trained on.
func (m *Model) fewSteps(steps int) (start float64, plan []diffusion.Call, err error) {
	levels := schedule{m.Levels}
	all, err := m.Student.Plan(levels, steps)
	if err != nil {
		return 0, nil, err
	}
	for _, step := range all {
		alpha, sigma := levels.AlphaSigma(step.T)
		step.T = sigma / alpha
		plan = append(plan, diffusion.Call{Step: step, Alpha: alpha, Sigma: sigma})
	}
	return plan[0].Sigma, plan, nil
}

// saved are the tensors of a safetensors file.
type saved struct {
	file   string
	header *weights.RawFile
}

func (s saved) Shapes() map[string]weights.Raw { return s.header.Tensors }

func (s saved) Each(visit func(name string, t weights.Raw) error) error {
	return weights.Each(s.file, visit)
}
