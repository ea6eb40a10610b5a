package extractor

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
)

// clipSpec is a pair of towers and where its weights come from.
type clipSpec struct {
	name   string
	vision network.CLIPVisionConfig
	text   network.TextConfig
	source source
	batch  int
}

// clip is a runner with a second graph for captions.
type clip struct {
	runner
	captions *batches
	words    *tokenizer.CLIP
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

// open is the Open of a kind.
func (s clipSpec) open(ctx context.Context, o Options) (Extractor, error) {
	if o.Mode != "" {
		return nil, fmt.Errorf("extractor: mode = %q, want none: %s has one preprocessing", o.Mode, s.name)
	}
	c := &clip{runner: runner{kind: s.name, prepare: clipColour.crop(s.vision.ImageSize), size: s.vision.ImageSize, dim: s.vision.Projection}}
	pictures := func(scope *model.Scope, x *Node) []*Node { return []*Node{network.CLIPVision(scope, s.vision, x)} }
	captions := func(scope *model.Scope, ids *Node) []*Node {
		_, pooled := network.TextEncoder(scope, s.text, ids)
		return []*Node{pooled}
	}
	err := c.load(ctx, o, s.source, clipNames, s.batch, pictures, func(scope *model.Scope, g *Graph) {
		captions(scope, Parameter(g, "ids", shapes.Make(dtypes.Int32, 1, s.text.Context)))
	})
	if err != nil {
		return nil, err
	}
	if c.captions, err = newBatches(c.backend, c.store, c.batch, captions); err != nil {
		return nil, err
	}
	return c, nil
}

// Captions embeds captions. The vocabulary is read when the first ones come: it is not needed for pictures.
func (c *clip) Captions(ctx context.Context, captions []string) (eval.Features, error) {
	if c.words == nil {
		words, err := tokenizer.FindCLIP(filepath.Dir(c.from.path))
		if err != nil {
			return eval.Features{}, err
		}
		c.words = words
	}
	var out eval.Features
	err := c.captions.run(ctx, len(captions), func(from, to, rows int) (*tensors.Tensor, error) {
		ids := c.words.EncodeAll(captions[from:to])
		for len(ids) < rows*tokenizer.CLIPContext { // padding: empty captions
			ids = append(ids, c.words.Encode("")...)
		}
		return tensors.FromFlatDataAndDimensions(ids, rows, tokenizer.CLIPContext), nil
	}, &out)
	return out, err
}

// Close frees both graphs.
func (c *clip) Close() {
	if c.captions != nil {
		c.captions.exec.Finalize()
	}
	c.runner.Close()
}
