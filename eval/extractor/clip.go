package extractor

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
)

func init() {
	for _, s := range []clipSpec{
		{
			"clip-b32", "OpenAI's CLIP ViT-B/32, 512 features: CLIP score",
			network.CLIPVisionConfig{ImageSize: 224, Patch: 32, Width: 768, MLP: 3072, Layers: 12, Heads: 12, Projection: 512, QuickGELU: true},
			clipText(512, 512, 12, true), clipSource("openai/clip-vit-base-patch32"), 64,
		},
		{
			"clip-l14", "OpenAI's CLIP ViT-L/14, 768 features: CLIP score",
			network.CLIPVisionConfig{ImageSize: 224, Patch: 14, Width: 1024, MLP: 4096, Layers: 24, Heads: 16, Projection: 768, QuickGELU: true},
			clipText(768, 768, 12, true), clipSource("openai/clip-vit-large-patch14"), 16,
		},
		{
			"clip-l14-336", "OpenAI's CLIP ViT-L/14 at 336 pixels, 768 features: CMMD",
			network.CLIPVisionConfig{ImageSize: 336, Patch: 14, Width: 1024, MLP: 4096, Layers: 24, Heads: 16, Projection: 768, QuickGELU: true},
			clipText(768, 768, 12, true), clipSource("openai/clip-vit-large-patch14-336"), 8,
		},
		{
			"openclip-g14", "OpenCLIP ViT-g/14 of LAION-2B, 1024 features: CLIP score as in the paper",
			network.CLIPVisionConfig{ImageSize: 224, Patch: 14, Width: 1408, MLP: 6144, Layers: 40, Heads: 16, Projection: 1024},
			clipText(1024, 1024, 24, false),
			clipSource("laion/CLIP-ViT-g-14-laion2B-s12B-b42K", "open_clip_model.safetensors", "open_clip_pytorch_model.bin"), 8,
		},
	} {
		register(Kind{Name: s.name, About: s.about, Captions: true, Open: s.open})
	}
}

// clipSpec is a pair of towers and where its weights come from.
type clipSpec struct {
	name, about string
	vision      network.CLIPVisionConfig
	text        network.TextConfig
	source      source
	batch       int
}

type clip struct {
	*runner
	captions
}

var _ Captioner = (*clip)(nil)

// clipSource is where weights of CLIP lie on the hub, and the vocabulary beside them.
func clipSource(repo string, files ...string) source {
	return source{files: append(files, "model.safetensors", "pytorch_model.bin"), repo: repo, beside: []string{"merges.txt"},
		about: repo + " of the HuggingFace hub (the weights with merges.txt beside them)"}
}

// clipText is the text tower of a width with CLIP's vocabulary; heads are 64 wide.
func clipText(width, projection, layers int, quick bool) network.TextConfig {
	return network.TextConfig{
		Vocabulary: 49408, Context: tokenizer.CLIPContext, Width: width, Layers: layers, Heads: width / 64, Projection: projection, QuickGELU: quick,
		KeyBias: true, End: tokenizer.CLIPEnd,
	}
}

// The vocabulary is read where captions will come, or when the first of them do: it is not needed for pictures.
func (s clipSpec) open(ctx context.Context, o Options) (Extractor, error) {
	texts := func(scope *model.Scope, ids *Node) []*Node {
		_, pooled := network.TextEncoder(scope, s.text, ids)
		return []*Node{pooled}
	}
	r := &runner{size: s.vision.ImageSize}
	var words func() (*tokenizer.CLIP, error)
	_, err := published{
		kind: s.name, source: s.source, names: clipNames, batch: s.batch,
		images: func(scope *model.Scope, x *Node) []*Node { return []*Node{network.CLIPVision(scope, s.vision, x)} },
		more: func(scope *model.Scope, g *Graph) {
			texts(scope, Parameter(g, "ids", shapes.Make(dtypes.Int32, 1, s.text.Context)))
		},
		found: func(path string) (err error) {
			words = sync.OnceValues(func() (*tokenizer.CLIP, error) { return tokenizer.FindCLIP(filepath.Dir(path)) })
			if o.Captions {
				_, err = words()
			}
			return err
		},
	}.open(ctx, o, r, map[string]preprocess{"": clipColour.crop(s.vision.ImageSize)})
	if err != nil {
		return nil, err
	}
	encode := func(texts []string) ([]int32, error) {
		w, err := words()
		if err != nil {
			return nil, err
		}
		return w.EncodeAll(texts), nil
	}
	graph, err := r.compile(r.Batch(), false, texts)
	return opened(&clip{r, captions{graph, tokenizer.CLIPContext, encode}}, err)
}
