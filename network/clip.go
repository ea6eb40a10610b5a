package network

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// B batch, H height, W width, N patches, C width, P width of the projection.

// CLIPVisionConfig describes CLIP's picture tower (names of transformers' CLIPVisionModelWithProjection).
type CLIPVisionConfig struct {
	ImageSize  int  `json:"image_size"`
	Patch      int  `json:"patch_size"`
	Width      int  `json:"hidden_size"`
	MLP        int  `json:"intermediate_size"`
	Layers     int  `json:"num_hidden_layers"`
	Heads      int  `json:"num_attention_heads"`
	Projection int  `json:"projection_dim"`
	QuickGELU  bool `json:"quick_gelu"` // OpenAI's weights; OpenCLIP's use the exact GELU
}

// Validate returns an error that names a field that cannot work.
func (c CLIPVisionConfig) Validate() error {
	switch {
	case c.Patch < 1 || c.ImageSize < c.Patch || c.ImageSize%c.Patch != 0:
		return fmt.Errorf("network: patch_size = %d, want a divisor of image_size = %d", c.Patch, c.ImageSize)
	case c.Heads < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("network: num_attention_heads = %d, want a divisor of hidden_size = %d", c.Heads, c.Width)
	case c.Layers < 1 || c.MLP < 1 || c.Projection < 1:
		return fmt.Errorf("network: num_hidden_layers, intermediate_size, projection_dim = %d, %d, %d, want ≥ 1", c.Layers, c.MLP, c.Projection)
	}
	return nil
}

// CLIPVision runs CLIP's picture tower. x is [B,H,W,3], normalised as the weights expect; returns the projected state of the
// class token after the last norm, [B,P], not normalised.
func CLIPVision(scope *model.Scope, cfg CLIPVisionConfig, x *Node) *Node {
	x.AssertDims(-1, cfg.ImageSize, cfg.ImageSize, 3)
	g, b, c, p := x.Graph(), x.Shape().Dim(0), cfg.Width, cfg.Patch
	n := (cfg.ImageSize / p) * (cfg.ImageSize / p)
	s := scope.At("vision_model")

	// [C,3,P,P] → [C,P,P,3], the order in which SpaceToDepth lays pixels out.
	w := param(s.At("embeddings").At("patch_embedding"), g, "weight", fanIn(1), c, 3, p, p)
	w = Reshape(TransposeAllDims(w, 0, 2, 3, 1), c, p*p*3)
	h := Reshape(EinsumAxes(engine.SpaceToDepth(x, p), w, [][2]int{{3, 1}}, nil), b, n, c)
	class := BroadcastToDims(Reshape(param(s.At("embeddings"), g, "class_embedding", gaussian(0.02), c), 1, 1, c), b, 1, c)
	position := param(s.At("embeddings").At("position_embedding"), g, "weight", gaussian(0.02), 1+n, c)
	h = Add(Concatenate([]*Node{class, h}, 1), InsertAxes(position, 0))

	h = LayerNorm(s.At("pre_layrnorm"), h, 1e-5) // the spelling is transformers'
	layer := clipLayer{width: c, mlp: cfg.MLP, heads: cfg.Heads, quickGELU: cfg.QuickGELU, keyBias: true}
	for i := range cfg.Layers {
		h = layer.run(s.At("encoder").At("layers").At("%d", i), h, nil)
	}
	h = LayerNorm(s.At("post_layernorm"), Squeeze(Slice(h, AxisRange(), AxisElem(0)), 1), 1e-5) // [B,C]
	return Linear(scope.At("visual_projection"), h, cfg.Projection, false)
}

// clipLayer is the transformer layer of both towers of CLIP.
type clipLayer struct {
	width, mlp, heads  int
	quickGELU, keyBias bool
}

// run applies the layer. h is [B,N,C], mask is added to the logits of attention (or nil).
func (l clipLayer) run(scope *model.Scope, h, mask *Node) *Node {
	h = Add(h, l.attention(scope.At("self_attn"), LayerNorm(scope.At("layer_norm1"), h, 1e-5), mask))
	y := Linear(scope.At("mlp").At("fc1"), LayerNorm(scope.At("layer_norm2"), h, 1e-5), l.mlp, true)
	if l.quickGELU {
		y = QuickGELU(y)
	} else {
		y = GELU(y)
	}
	return Add(h, Linear(scope.At("mlp").At("fc2"), y, l.width, true))
}

func (l clipLayer) attention(scope *model.Scope, x, mask *Node) *Node {
	q := Linear(scope.At("q_proj"), x, l.width, true)
	k := Linear(scope.At("k_proj"), x, l.width, l.keyBias)
	v := Linear(scope.At("v_proj"), x, l.width, true)
	return Linear(scope.At("out_proj"), attend(q, k, v, mask, l.heads), l.width, true)
}
