package network

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
)

// LoadViT reads a vision transformer's weights, as timm and torch.hub name them, from safetensors or PyTorch's files below a scope, not to be
// trained. The file must hold exactly its tensors, and may hold DINOv2's mask_token.
func LoadViT(backend compute.Backend, store *model.Store, scope string, cfg ViTConfig, file string) error {
	f, err := weights.ReadAny(file)
	if err != nil {
		return err
	}
	delete(f.Tensors, "mask_token") // of DINOv2's training
	return loadTensors(backend, store, scope, file, f, func(root *model.Scope, g *Graph) {
		ViT(root, cfg, Parameter(g, "x", shapes.Make(dtypes.Float32, 1, cfg.ImageSize, cfg.ImageSize, 3)), nil)
	})
}
