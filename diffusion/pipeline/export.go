package pipeline

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

//go:embed pipeline.py
var inPython []byte

// call is a call of the network in pipeline.py, x ← X·x + Network·output + Noise·z.
type call struct {
	Timestep float64 `json:"timestep"` // 0…1000
	X        float64 `json:"x"`
	Network  float64 `json:"network"`
	Noise    float64 `json:"noise"`
}

// Export writes what a sampling draws with as a folder that diffusers' DiffusionPipeline.from_pretrained opens: U-Net, text encoder and
// tokenizer in classes of diffusers and transformers, and a pipeline in Python that draws in as many steps as counts names. Sampling.Steps
// plays no part. Guidance and networks other than U-Nets are errors. The folder appears whole or not at all; one that is there must be empty
// or the same.
func Export(backend compute.Backend, b *pretrain.Bundle, s Sampling, counts []int, dir string) error {
	net := cmp.Or(s.Net, "teacher")
	unet, ok := b.Backbone(net).(network.UNetConfig)
	if !ok {
		return fmt.Errorf("pipeline: export: %s is a transformer, want a U-Net", net)
	}
	if diffusion.Guided(s.Guidance) {
		return fmt.Errorf("pipeline: export: guidance = %g, want none", s.Guidance)
	}
	plans := map[string][]call{}
	for _, s.Steps = range counts {
		plan, err := calls(b, s)
		if err != nil {
			return err
		}
		plans[strconv.Itoa(s.Steps)] = plan
	}

	store := model.NewStore()
	defer store.Finalize()
	err := b.Load(backend, store, "/text_encoder", "text")
	if s.Student == "" {
		err = cmp.Or(err, b.Load(backend, store, "/unet", net))
	} else {
		err = cmp.Or(err, b.LoadFile(backend, store, "/unet", net, s.Student))
	}
	if err != nil {
		return err
	}
	return atomicfile.Folder(dir, func(temp string) error {
		if err := writePart(store, temp, "unet", "diffusion_pytorch_model", func(f *weights.File) (map[string]any, *weights.File, error) {
			return unet.Publish(f, b.Size())
		}); err != nil {
			return err
		}
		if err := writePart(store, temp, "text_encoder", "model", b.Config.Networks.Text.Publish); err != nil {
			return err
		}
		rules, config := b.Words.Publish()
		for name, content := range map[string]any{"tokenizer/tokenizer.json": rules, "tokenizer/tokenizer_config.json": config, "model_index.json": map[string]any{
			"_class_name": []string{"pipeline", "PixelPipeline"}, "unet": []string{"diffusers", "UNet2DConditionModel"},
			"text_encoder": []string{"transformers", "CLIPTextModelWithProjection"}, "tokenizer": []string{"transformers", "PreTrainedTokenizerFast"},
			"patch": unet.Stem, "plans": plans,
		}} {
			if err := writeJSON(filepath.Join(temp, name), content); err != nil {
				return err
			}
		}
		return record.WriteFile(filepath.Join(temp, "pipeline.py"), inPython)
	})
}

// writePart writes the weights in a store below the name of a part, and its config, as publish gives them.
func writePart(store *model.Store, dir, part, file string, publish func(*weights.File) (map[string]any, *weights.File, error)) error {
	f, err := weights.FromStore(store, "/"+part)
	if err != nil {
		return err
	}
	fields, f, err := publish(f)
	if err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, part, "config.json"), fields); err != nil {
		return err
	}
	return weights.Write(filepath.Join(dir, part, file+".safetensors"), f, weights.F32)
}

// calls are those of a sampling whose steps need no earlier predictions.
func calls(b *pretrain.Bundle, s Sampling) (all []call, err error) {
	schedule, err := b.Schedule()
	if err != nil {
		return nil, err
	}
	plan, err := s.Sampler.Plan(schedule, s.Steps)
	if err != nil {
		return nil, err
	}
	for _, step := range plan {
		if step.Prev != [diffusion.History]float64{} {
			return nil, fmt.Errorf("pipeline: export: sampler = %s, want one that needs no earlier predictions", s.Sampler.Name())
		}
		x, out := b.Prediction().Affine(schedule.AlphaSigma(step.T))
		all = append(all, call{Timestep: 1000 * step.T, X: step.X + step.X0*x, Network: step.X0 * out, Noise: step.Noise})
	}
	return all, nil
}

// writeJSON writes a file of the folder, and makes its part of the folder.
func writeJSON(path string, content any) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return record.WriteJSON(path, content)
}
