package edm

import (
	"encoding/json"
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// described is the metadata entry of a saved network that holds its config.
const described = "edm"

// Save writes the network with other weights, which Open opens: safetensors with the config in its metadata. A pickle cannot be written
// without the code that reads it.
func (m *Model) Save(file string, network *weights.File) error {
	text, err := json.Marshal(m.Network)
	if err != nil {
		return fmt.Errorf("edm: %w", err)
	}
	f := &weights.File{Tensors: network.Tensors, Metadata: map[string]string{described: string(text)}}
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
		return nil, fmt.Errorf("edm: %s: metadata %q is missing, want a network that was saved here, or a pickle of NVIDIA's", file, described)
	}
	var cfg network.EDMConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return nil, fmt.Errorf("edm: %s: metadata %q: %w", file, described, err)
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("edm: %s: %w", file, err)
	}
	return &Model{file, cfg, diffusion.EDMLevelsOf(cfg), saved{file, header}}, nil
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
