package extractor

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
)

func init() {
	for _, k := range []struct {
		name, about string
		cfg         network.ViTConfig
		file, repo  string
		batch       int
	}{
		{"dinov2-s", "DINOv2 ViT-S/14, 384 features", network.DINOv2(384, 12), "dinov2_vits14", "facebook/dinov2-small", 64},
		{"dinov2-b", "DINOv2 ViT-B/14, 768 features", network.DINOv2(768, 12), "dinov2_vitb14", "facebook/dinov2-base", 32},
		{"dinov2-l", "DINOv2 ViT-L/14, 1024 features: FD-DINOv2", network.DINOv2(1024, 24), "dinov2_vitl14", "facebook/dinov2-large", 16},
	} {
		register(Kind{Name: k.name, About: k.about, Modes: dinoModes, Open: openDINOv2(k.name, k.cfg, k.file, k.repo, k.batch)})
	}
}

// dinoModes are the preprocessings of dgm-eval: Pillow's resizing on 8 bit, and with --clean_resize in float.
var dinoModes = []string{"pillow", "clean"}

// openDINOv2 opens a kind whose weights are published as `name`_pretrain.pth and on the hub as repo. Features are the class
// token after the last norm.
func openDINOv2(kind string, cfg network.ViTConfig, name, repo string, batch int) func(context.Context, Options) (Extractor, error) {
	s := source{
		files: []string{"model.safetensors", "pytorch_model.bin"}, repo: repo, torch: []string{name + "_pretrain.pth"},
		about: name + "_pretrain.pth of Meta's DINOv2, or " + repo + " of the HuggingFace hub",
	}
	prepare := map[string]preprocess{"pillow": imageNet.squash(cfg.ImageSize), "clean": imageNet.squashFloat(cfg.ImageSize)}
	images := func(scope *model.Scope, x *Node) []*Node { return []*Node{network.ViT(scope, cfg, x, nil).Class()} }
	return func(ctx context.Context, o Options) (Extractor, error) {
		r := &runner{size: cfg.ImageSize}
		_, err := published{kind: kind, modes: dinoModes, source: s, names: dinoNames, batch: batch, images: images}.open(ctx, o, r, prepare)
		return opened(r, err)
	}
}
