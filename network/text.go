package network

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// B batch, L tokens, E width, P width of the projection.

// TextConfig describes CLIP's text transformer (names of transformers' CLIPTextModelWithProjection).
type TextConfig struct {
	Vocabulary int  `json:"vocab_size"`
	Context    int  `json:"max_position_embeddings"` // L
	Width      int  `json:"hidden_size"`             // E
	Layers     int  `json:"num_hidden_layers"`
	Heads      int  `json:"num_attention_heads"`
	Projection int  `json:"projection_dim"` // P
	QuickGELU  bool `json:"quick_gelu"`     // OpenAI's weights; OpenCLIP's use the exact GELU
	KeyBias    bool `json:"key_bias"`       // loaded weights have one; its gradient is zero, so models trained here leave it out
	End        int  `json:"eos_token_id"`
}

// TextEncoder runs CLIP's text transformer. ids is [B,L] int32; returns the token states [B,L,E] after the final norm and the
// pooled embedding [B,P], which is the projected state of the first end token.
func TextEncoder(scope *model.Scope, cfg TextConfig, ids *Node) (tokens, pooled *Node) {
	ids.AssertRank(2)
	g, l := ids.Graph(), ids.Shape().Dim(1)
	s := scope.At("text_model")
	table := param(s.At("embeddings").At("token_embedding"), g, "weight", gaussian(0.02), cfg.Vocabulary, cfg.Width)
	position := param(s.At("embeddings").At("position_embedding"), g, "weight", gaussian(0.01), cfg.Context, cfg.Width)
	h := EinsumAxes(OneHot(ids, cfg.Vocabulary, dtypes.Float32), table, [][2]int{{2, 0}}, nil) // [B,L,E]
	h = Add(h, InsertAxes(Slice(position, AxisRange(0, l)), 0))

	mask := causalMask(g, l) // [1,1,L,L]
	for i := range cfg.Layers {
		layer := s.At("encoder").At("layers").At("%d", i)
		h = Add(h, clipAttention(layer.At("self_attn"), cfg, LayerNorm(layer.At("layer_norm1"), h, 1e-5), mask))
		y := Linear(layer.At("mlp").At("fc1"), LayerNorm(layer.At("layer_norm2"), h, 1e-5), 4*cfg.Width, true)
		if cfg.QuickGELU {
			y = QuickGELU(y)
		} else {
			y = GELU(y)
		}
		h = Add(h, Linear(layer.At("mlp").At("fc2"), y, cfg.Width, true))
	}
	tokens = LayerNorm(s.At("final_layer_norm"), h, 1e-5)

	isEnd := ConvertDType(Equal(ids, Scalar(g, ids.DType(), cfg.End)), dtypes.Float32) // [B,L]
	first := Mul(isEnd, ConvertDType(Equal(CumSum(isEnd, 1), ScalarOne(g, dtypes.Float32)), dtypes.Float32))
	end := ReduceSum(Mul(tokens, InsertAxes(first, -1)), 1) // [B,E]
	return tokens, Linear(scope.At("text_projection"), end, cfg.Projection, false)
}

func clipAttention(scope *model.Scope, cfg TextConfig, x, mask *Node) *Node {
	q := Linear(scope.At("q_proj"), x, cfg.Width, true)
	k := Linear(scope.At("k_proj"), x, cfg.Width, cfg.KeyBias)
	v := Linear(scope.At("v_proj"), x, cfg.Width, true)
	return Linear(scope.At("out_proj"), attend(q, k, v, mask, cfg.Heads), cfg.Width, true)
}

// causalMask is 0 where the key does not come after the query, else very negative: [1,1,L,L].
func causalMask(g *Graph, l int) *Node {
	shape := shapes.Make(dtypes.Float32, l, l)
	later := GreaterThan(Iota(g, shape, 1), Iota(g, shape, 0))
	return Reshape(MulScalar(ConvertDType(later, dtypes.Float32), -1e9), 1, 1, l, l)
}
