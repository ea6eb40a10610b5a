package network

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/check"
)

// B batch, L tokens, E width, P width of the projection.

// TextConfig describes CLIP's text transformer (names of transformers' CLIPTextModelWithProjection).
type TextConfig struct {
	Vocabulary int  `json:"vocab_size"`
	Context    int  `json:"max_position_embeddings"` // L
	Width      int  `json:"hidden_size"`             // E
	Layers     int  `json:"num_hidden_layers"`
	Heads      int  `json:"num_attention_heads"`
	Projection int  `json:"projection_dim"` // P; 0 for none
	QuickGELU  bool `json:"quick_gelu"`     // OpenAI's weights; OpenCLIP's use the exact GELU
	KeyBias    bool `json:"key_bias"`       // loaded weights have one; its gradient is zero, so models trained here leave it out
	End        int  `json:"eos_token_id"`
	MLP        int  `json:"intermediate_size,omitempty"` // 0: 4·Width
}

// Validate returns an error that names a field that cannot work. Vocabulary and end token belong to the tokenizer.
func (c TextConfig) Validate() error {
	f := check.Fields{Of: "network"}
	f.Want(c.Heads >= 1 && c.Width >= 1 && c.Width%c.Heads == 0, "num_attention_heads", c.Heads, fmt.Sprint("a divisor of hidden_size = ", c.Width))
	f.Want(c.Layers >= 1, "num_hidden_layers", c.Layers, "≥ 1")
	f.Want(c.Projection >= 0, "projection_dim", c.Projection, "≥ 0")
	f.Want(c.Context >= 1, "max_position_embeddings", c.Context, "≥ 1")
	return f.Err
}

// TextEncoder runs CLIP's text transformer. ids is [B,L] int32; returns the token states [B,L,E] after the final norm and the
// pooled embedding [B,P], which is the projected state of the first end token.
func TextEncoder(scope *model.Scope, cfg TextConfig, ids *Node) (tokens, pooled *Node) {
	r := TextTower(scope, cfg, ids)
	return r.Tokens, r.Pooled
}

// TextResult holds what CLIP's text transformer computed. Stable Diffusion 1 and 2 read Tokens, XL reads Penultimate and Pooled.
type TextResult struct {
	Tokens      *Node // [B,L,E] after the final norm
	Penultimate *Node // [B,L,E], what enters the last layer
	Pooled      *Node // [B,P], the projected state of the first end token; [B,E] without a projection
}

// TextTower runs CLIP's text transformer. ids is [B,L] int32.
func TextTower(scope *model.Scope, cfg TextConfig, ids *Node) (r TextResult) {
	ids.AssertRank(2)
	g, l := ids.Graph(), ids.Shape().Dim(1)
	s := scope.At("text_model")
	table := param(s.At("embeddings").At("token_embedding"), g, "weight", gaussian(0.02), cfg.Vocabulary, cfg.Width)
	position := param(s.At("embeddings").At("position_embedding"), g, "weight", gaussian(0.01), cfg.Context, cfg.Width)
	h := embed(ids, table) // [B,L,E]
	h = Add(h, InsertAxes(Slice(position, AxisRange(0, l)), 0))

	mask := causalMask(g, l) // [1,1,L,L]
	layer := clipLayer{width: cfg.Width, mlp: cmp.Or(cfg.MLP, 4*cfg.Width), heads: cfg.Heads, quickGELU: cfg.QuickGELU, keyBias: cfg.KeyBias}
	for i := range cfg.Layers {
		r.Penultimate = h
		h = layer.run(s.At("encoder").At("layers").At("%d", i), h, mask)
	}
	r.Tokens = LayerNorm(s.At("final_layer_norm"), h, 1e-5)

	isEnd := ConvertDType(Equal(ids, Scalar(g, ids.DType(), cfg.End)), dtypes.Float32) // [B,L]
	first := Mul(isEnd, ConvertDType(Equal(CumSum(isEnd, 1), ScalarOne(g, dtypes.Float32)), dtypes.Float32))
	r.Pooled = ReduceSum(Mul(r.Tokens, InsertAxes(first, -1)), 1) // [B,E]
	if cfg.Projection > 0 {
		r.Pooled = Linear(scope.At("text_projection"), r.Pooled, cfg.Projection, false)
	}
	return r
}

// embed looks rows up. ids is [B,L], table is [V,E]; returns [B,L,E].
func embed(ids, table *Node) *Node {
	if v := table.Shape().Dim(0); v <= 4096 {
		return EinsumAxes(OneHot(ids, v, dtypes.Float32), table, [][2]int{{2, 0}}, nil) // a product has a gradient on every engine
	}
	return Gather(table, InsertAxes(ids, -1))
}

// causalMask is 0 where the key does not come after the query, else very negative: [1,1,L,L].
func causalMask(g *Graph, l int) *Node {
	shape := shapes.Make(dtypes.Float32, l, l)
	later := GreaterThan(Iota(g, shape, 1), Iota(g, shape, 0))
	return Reshape(MulScalar(ConvertDType(later, dtypes.Float32), -1e9), 1, 1, l, l)
}

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

// CLIPVision runs CLIP's picture tower. x is [B,H,W,3], normalised as the weights expect; returns the projected state of the
// class token after the last norm, [B,P], not normalised.
func CLIPVision(scope *model.Scope, cfg CLIPVisionConfig, x *Node) *Node {
	states := clipStates(scope, cfg, x)
	class := Squeeze(Slice(states[cfg.Layers], AxisRange(), AxisElem(0)), 1) // [B,C]
	class = LayerNorm(scope.At("vision_model").At("post_layernorm"), class, 1e-5)
	return Linear(scope.At("visual_projection"), class, cfg.Projection, false)
}

// clipStates are what enters the layers of CLIP's picture tower, and the output of every layer: [B,1+N,C], the class token first.
func clipStates(scope *model.Scope, cfg CLIPVisionConfig, x *Node) (states []*Node) {
	x.AssertDims(-1, cfg.ImageSize, cfg.ImageSize, 3)
	g, b, c, p := x.Graph(), x.Shape().Dim(0), cfg.Width, cfg.Patch
	n := (cfg.ImageSize / p) * (cfg.ImageSize / p)
	s := scope.At("vision_model")

	h := Reshape(patches(s.At("embeddings").At("patch_embedding"), x, c, p, false), b, n, c)
	class := BroadcastToDims(Reshape(param(s.At("embeddings"), g, "class_embedding", gaussian(0.02), c), 1, 1, c), b, 1, c)
	position := param(s.At("embeddings").At("position_embedding"), g, "weight", gaussian(0.02), 1+n, c)
	h = Add(Concatenate([]*Node{class, h}, 1), InsertAxes(position, 0))

	h = LayerNorm(s.At("pre_layrnorm"), h, 1e-5) // the spelling is transformers'
	states = append(states, h)
	layer := clipLayer{width: c, mlp: cfg.MLP, heads: cfg.Heads, quickGELU: cfg.QuickGELU, keyBias: true}
	for i := range cfg.Layers {
		h = layer.run(s.At("encoder").At("layers").At("%d", i), h, nil)
		states = append(states, h)
	}
	return states
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
