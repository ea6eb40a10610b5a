package network

import (
	"fmt"

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

// Validate returns an error that names a field that cannot work. Vocabulary and end token belong to the tokenizer.
func (c TextConfig) Validate() error {
	switch {
	case c.Heads < 1 || c.Width < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("network: num_attention_heads = %d, want a divisor of hidden_size = %d", c.Heads, c.Width)
	case c.Layers < 1 || c.Projection < 1 || c.Context < 1:
		return fmt.Errorf("network: num_hidden_layers = %d, projection_dim = %d, max_position_embeddings = %d, want all ≥ 1", c.Layers, c.Projection, c.Context)
	}
	return nil
}

// TextEncoder runs CLIP's text transformer. ids is [B,L] int32; returns the token states [B,L,E] after the final norm and the
// pooled embedding [B,P], which is the projected state of the first end token.
func TextEncoder(scope *model.Scope, cfg TextConfig, ids *Node) (tokens, pooled *Node) {
	ids.AssertRank(2)
	g, l := ids.Graph(), ids.Shape().Dim(1)
	s := scope.At("text_model")
	table := param(s.At("embeddings").At("token_embedding"), g, "weight", gaussian(0.02), cfg.Vocabulary, cfg.Width)
	position := param(s.At("embeddings").At("position_embedding"), g, "weight", gaussian(0.01), cfg.Context, cfg.Width)
	h := embed(ids, table) // [B,L,E]
	h = Add(h, InsertAxes(Slice(position, AxisRange(0, l)), 0))

	mask := causalMask(g, l) // [1,1,L,L]
	layer := clipLayer{width: cfg.Width, mlp: 4 * cfg.Width, heads: cfg.Heads, quickGELU: cfg.QuickGELU, keyBias: cfg.KeyBias}
	for i := range cfg.Layers {
		h = layer.run(s.At("encoder").At("layers").At("%d", i), h, mask)
	}
	tokens = LayerNorm(s.At("final_layer_norm"), h, 1e-5)

	isEnd := ConvertDType(Equal(ids, Scalar(g, ids.DType(), cfg.End)), dtypes.Float32) // [B,L]
	first := Mul(isEnd, ConvertDType(Equal(CumSum(isEnd, 1), ScalarOne(g, dtypes.Float32)), dtypes.Float32))
	end := ReduceSum(Mul(tokens, InsertAxes(first, -1)), 1) // [B,E]
	return tokens, Linear(scope.At("text_projection"), end, cfg.Projection, false)
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
