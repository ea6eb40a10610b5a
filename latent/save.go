package latent

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/published"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Save writes the model into a new folder with other weights of its U-Net, in the layout that diffusers' from_pretrained opens. The other
// parts are copied. Their names lose a variant, so that the folder opens without naming it. scheduler are fields of the scheduler's config
// to change; nil for none. Further files go beside the parts. The folder appears whole or not at all.
func (m *Model) Save(backend compute.Backend, dir string, unet *weights.File, scheduler map[string]any, further ...string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("latent: saving %s: %w", dir, err)
		}
	}()
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("it is there already, want a new folder")
	}
	declared := model.NewStore()
	defer declared.Finalize()
	if err := network.Declare(backend, declared, func(root *model.Scope, g *Graph) { m.declare(root, g, "unet") }); err != nil {
		return err
	}
	if err := weights.Check(declared, "/", unet); err != nil {
		return err
	}
	return atomicfile.Folder(dir, func(temp string) error { return m.write(temp, unet, scheduler, further) })
}

// write is Save into a folder that is there.
func (m *Model) write(temp string, unet *weights.File, scheduler map[string]any, further []string) error {
	for _, part := range m.parts() {
		if part == "unet" {
			continue
		}
		for _, name := range m.weights[part] {
			if err := m.copy(temp, name, plainName(name)); err != nil {
				return err
			}
		}
		if err := m.writeIndex(temp, part); err != nil {
			return err
		}
	}
	loaded := slices.Concat(slices.Collect(maps.Values(m.weights))...)
	for _, name := range m.names {
		if !slices.Contains(loaded, name) && name != schedulerFile && name != indexFile {
			if err := m.copy(temp, name, name); err != nil {
				return err
			}
		}
	}
	for _, file := range further {
		if err := copyFile(file, filepath.Join(temp, filepath.Base(file))); err != nil {
			return err
		}
	}
	_, unknown := m.Scheduler("")
	if err := m.writeChanged(temp, schedulerFile, func(fields map[string]any) {
		if scheduler != nil && unknown != nil { // its sampler has fields that the student's does not
			maps.DeleteFunc(fields, func(name string, _ any) bool {
				return !strings.HasPrefix(name, "_") && !slices.Contains(diffusion.LevelFields(), name)
			})
		}
		maps.Copy(fields, scheduler)
	}); err != nil {
		return err
	}
	if err := m.writeChanged(temp, indexFile, func(index map[string]any) {
		if class, ok := scheduler["_class_name"]; ok { // diffusers reads the class from here
			index["scheduler"] = []any{"diffusers", class}
		}
		for part, none := range notCopied {
			if _, there := index[part]; there {
				index[part] = none
			}
		}
	}); err != nil {
		return err
	}
	labelled := &weights.File{Tensors: unet.Tensors, Metadata: map[string]string{"format": "pt"}}
	return weights.Write(filepath.Join(temp, "unet", "diffusion_pytorch_model.safetensors"), labelled, weights.F32)
}

const schedulerFile, indexFile = "scheduler/scheduler_config.json", "model_index.json"

// notCopied are fields of the index about parts that are not read, with what diffusers takes for none.
var notCopied = map[string]any{"safety_checker": [2]any{}, "feature_extractor": [2]any{}, "image_encoder": [2]any{}, "requires_safety_checker": false}

// FewSteps are the fields of a scheduler for a student that draws in few steps: as those of SDXL-Turbo; LCM's for a student of consistency on
// a grid of so many steps, 0 for none; and for one that draws by the form ode Euler's, which adds no noise.
func FewSteps(grid int, form diffusion.Form) map[string]any {
	switch {
	case grid > 0:
		return map[string]any{"_class_name": "LCMScheduler", "original_inference_steps": grid}
	case form == diffusion.ODE:
		return map[string]any{"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing", "use_karras_sigmas": false, "final_sigmas_type": "zero"}
	}
	return map[string]any{"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
}

// writeChanged writes a JSON file with some fields changed. Numbers that only Python's JSON has, such as -Infinity, stay as they are.
func (m *Model) writeChanged(dir, name string, change func(fields map[string]any)) error {
	text, err := os.ReadFile(m.path(name))
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(published.Quote(text), &fields); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	change(fields)
	if text, err = json.MarshalIndent(fields, "", "  "); err != nil {
		return err
	}
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.WriteFile(to, append(published.Unquote(text), '\n'), 0o666)
}

// plainName leaves a variant out.
func plainName(name string) string {
	if v := variantOf(name); v != "" {
		return strings.Replace(name, "."+v, "", 1)
	}
	return name
}

// copy copies a file of the model into dir under another name.
func (m *Model) copy(dir, name, as string) error {
	to := filepath.Join(dir, filepath.FromSlash(as))
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return copyFile(m.path(name), to)
}

func copyFile(name, to string) error {
	from, err := os.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}

// writeIndex tells in which shard each tensor of a part is, where it has more than one.
func (m *Model) writeIndex(dir, part string) error {
	files := m.weights[part]
	if len(files) == 1 {
		return nil
	}
	var index struct {
		Metadata struct {
			Size int64 `json:"total_size"`
		} `json:"metadata"`
		Files map[string]string `json:"weight_map"`
	}
	index.Files = map[string]string{}
	for _, name := range files {
		header, err := weights.HeaderAny(m.path(name))
		if err != nil {
			return err
		}
		for tensor, t := range header.Tensors {
			index.Files[tensor] = plainName(path.Base(name))
			size := int64(t.DType.Size())
			for _, n := range t.Shape {
				size *= int64(n)
			}
			index.Metadata.Size += size
		}
	}
	text, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return err
	}
	first := path.Base(files[0])
	return os.WriteFile(filepath.Join(dir, part, weightName.FindStringSubmatch(first)[1]+path.Ext(first)+".index.json"), text, 0o666)
}
