package network

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/published"
	"github.com/addlab/addlab/network/weights"
)

// UnknownEnd is transformers' mark of files whose eos_token_id is wrong. The end is that of the tokenizer, the largest id of a caption.
const UnknownEnd = 2

// ReadText reads the config.json of transformers' CLIPTextModel or CLIPTextModelWithProjection. Fields that ask for what is not built here
// are errors. Where End is UnknownEnd, the caller sets it to the tokenizer's.
func ReadText(file string) (TextConfig, error) {
	c := published.Read(file)
	cfg := TextConfig{ // transformers' defaults
		Vocabulary: 49408, Context: 77, Width: 512, MLP: 2048, Layers: 12, Heads: 8, Projection: 512, KeyBias: true, End: 49407,
	}
	activation, architectures := "quick_gelu", []string{"CLIPTextModel"}
	for field, into := range map[string]any{
		"vocab_size": &cfg.Vocabulary, "max_position_embeddings": &cfg.Context, "hidden_size": &cfg.Width, "intermediate_size": &cfg.MLP,
		"num_hidden_layers": &cfg.Layers, "num_attention_heads": &cfg.Heads, "projection_dim": &cfg.Projection, "hidden_act": &activation,
		"eos_token_id": &cfg.End, "architectures": &architectures,
	} {
		c.Take(field, into)
	}
	switch strings.Join(architectures, " ") {
	case "CLIPTextModel":
		cfg.Projection = 0
	case "CLIPTextModelWithProjection":
	default:
		c.Refuse("architectures", `["CLIPTextModel"] or ["CLIPTextModelWithProjection"]`)
	}
	if cfg.QuickGELU = activation == "quick_gelu"; !cfg.QuickGELU && activation != "gelu" {
		c.Refuse("hidden_act", `"quick_gelu" or "gelu"`)
	}
	c.OnlyAll(map[string]any{"model_type": "clip_text_model", "layer_norm_eps": 1e-5})
	// Ids that the tokenizer knows, training, and notes of the program.
	c.Ignore("bos_token_id", "pad_token_id", "attention_dropout", "dropout", "initializer_factor", "initializer_range", "torch_dtype", "dtype", "transformers_version")
	if err := c.Err(); err != nil {
		return TextConfig{}, err
	}
	return cfg, cfg.Validate()
}

// TextName is the name here of a tensor of transformers' text towers: version 5 leaves out the first part of those without a projection.
func TextName(old string) string {
	if strings.HasPrefix(old, "embeddings.") || strings.HasPrefix(old, "encoder.") || strings.HasPrefix(old, "final_layer_norm.") {
		return "text_model." + old
	}
	return old
}

// Publish gives the text tower as transformers' CLIPTextModelWithProjection: the fields of its config.json and its tensors. f, which is not
// changed, holds those of c. The end's embedding moves behind all others, as tokenizer.Words.Publish moves its id: transformers reads an
// eos_token_id of 2 as UnknownEnd.
func (c TextConfig) Publish(f *weights.File) (fields map[string]any, out *weights.File, err error) {
	if c.Projection < 1 {
		return nil, nil, fmt.Errorf("network: projection_dim = %d, want ≥ 1", c.Projection)
	}
	activation := "gelu"
	if c.QuickGELU {
		activation = "quick_gelu"
	}
	fields = map[string]any{
		"architectures": []string{"CLIPTextModelWithProjection"}, "model_type": "clip_text_model", "vocab_size": c.Vocabulary,
		"max_position_embeddings": c.Context, "hidden_size": c.Width, "intermediate_size": cmp.Or(c.MLP, 4*c.Width), "num_hidden_layers": c.Layers,
		"num_attention_heads": c.Heads, "projection_dim": c.Projection, "hidden_act": activation, "layer_norm_eps": 1e-5,
		"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": c.Vocabulary - 1,
	}
	out = &weights.File{Tensors: maps.Clone(f.Tensors), Metadata: map[string]string{"format": "pt"}}
	const table = "text_model.embeddings.token_embedding.weight"
	rows := f.Tensors[table]
	end := rows.Data[c.End*c.Width : (c.End+1)*c.Width]
	out.Tensors[table] = weights.Tensor{Shape: rows.Shape, Data: slices.Concat(rows.Data[:c.End*c.Width], rows.Data[(c.End+1)*c.Width:], end)}
	if !c.KeyBias {
		for i := range c.Layers {
			out.Tensors[fmt.Sprintf("text_model.encoder.layers.%d.self_attn.k_proj.bias", i)] = weights.Tensor{Shape: []int{c.Width}, Data: make([]float32, c.Width)}
		}
	}
	return fields, out, nil
}
