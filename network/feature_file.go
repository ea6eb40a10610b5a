package network

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
)

// FeatureFile is a network to look through with the file of its weights, as others publish both. Without a file it is not there, and only
// its sizes are known.
type FeatureFile struct {
	Net  Features
	File string
}

// FeatureFiles are such networks by the name of the part that each is in distillation.
type FeatureFiles map[string]FeatureFile

// ImageEncoder is the transformer in the part "features", zero where there is none.
func (f FeatureFiles) ImageEncoder() ViTConfig {
	vit, _ := f["features"].Net.(ViTConfig)
	return vit
}

// Hashes adds the hashes of networks that are there, by part. A network whose pictures are larger than a side is an error; 0 is any side.
func (f FeatureFiles) Hashes(side int, into map[string]string) error {
	for part, file := range f {
		if file.File == "" {
			continue
		}
		if err := f.Fit(side, part); err != nil {
			return err
		}
		sum, err := file.Hash()
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		into[part] = sum
	}
	return nil
}

// Fit wants networks of parts whose pictures are at most as large as a side.
func (f FeatureFiles) Fit(side int, parts ...string) error {
	for _, part := range parts {
		if file, ok := f[part]; ok && side > 0 && file.Net.Side() > side {
			return fmt.Errorf("size = %d, want at least the %d of the %s", side, file.Net.Side(), part)
		}
	}
	return nil
}

// Hash is the SHA-256 of the file, with the fields of the network: the same weights may be read otherwise.
func (f FeatureFile) Hash() (string, error) {
	if err := f.Net.Validate(); err != nil {
		return "", err
	}
	net, err := json.Marshal(f.Net)
	if err != nil {
		return "", err
	}
	sum, err := weights.SHA256(f.File)
	return sum + string(net), err
}

// Load reads the weights below a scope, not to be trained, from safetensors or PyTorch's files. The file must hold exactly the tensors of the
// network under the names of its publisher: timm, torch.hub, transformers' CLIP. Of more than the network needs, it may hold DINOv2's
// mask_token and the rest of a CLIP.
func (f FeatureFile) Load(backend compute.Backend, store *model.Store, scope string) error {
	file, err := weights.ReadAny(f.File)
	if err != nil {
		return err
	}
	for name := range file.Tensors {
		_, clip := f.Net.(CLIPFeatures)
		if name == "mask_token" || clip && (!strings.HasPrefix(name, "vision_model.") || strings.Contains(name, "post_layernorm") || strings.HasSuffix(name, "position_ids")) {
			delete(file.Tensors, name)
		}
	}
	if err := loadTensors(backend, store, scope, f.File, file, f.build); err != nil {
		return fmt.Errorf("features: %w", err)
	}
	return nil
}

func (f FeatureFile) build(root *model.Scope, g *Graph) {
	side := cmp.Or(f.Net.Side(), 8)
	f.Net.Taps(root, Parameter(g, "x", shapes.Make(dtypes.Float32, 1, side, side, 3)))
}

// Outline is Load without a file: the weights have shapes and no values.
func (f FeatureFile) Outline(backend compute.Backend, store *model.Store, scope string) error {
	if err := f.Net.Validate(); err != nil {
		return fmt.Errorf("features: %w", err)
	}
	if err := Declare(backend, store, func(_ *model.Scope, g *Graph) { f.build(store.Scope(scope), g) }); err != nil {
		return fmt.Errorf("features: %w", err)
	}
	for v := range store.Scope(scope).IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}
