package extractor

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

// dinoModes are the preprocessings of dgm-eval: Pillow's resizing on 8 bit, and with --clean_resize in float.
var dinoModes = []string{"pillow", "clean"}

// openDINOv2 opens a kind whose weights are published as `name`_pretrain.pth and on the hub as repo. Features are the class
// token after the last norm.
func openDINOv2(kind string, cfg network.ViTConfig, name, repo string, batch int) func(context.Context, Options) (Extractor, error) {
	s := source{
		files: []string{"model.safetensors", "pytorch_model.bin"}, repo: repo, torch: []string{name + "_pretrain.pth"},
		about: name + "_pretrain.pth of Meta's DINOv2, or " + repo + " of the HuggingFace hub",
	}
	return func(ctx context.Context, o Options) (Extractor, error) {
		mode, err := chooseMode(kind, dinoModes, o.Mode)
		if err != nil {
			return nil, err
		}
		r := &runner{kind: kind, mode: mode, prepare: imageNet.squash(cfg.ImageSize), size: cfg.ImageSize, dim: cfg.Width}
		if mode == "clean" {
			r.prepare = imageNet.squashFloat(cfg.ImageSize)
		}
		graph := func(scope *model.Scope, x *Node) []*Node { return []*Node{network.ViT(scope, cfg, x, nil).Class()} }
		return opened(r, r.load(ctx, o, s, dinoNames, batch, graph))
	}
}
