package network

import (
	"strings"

	"github.com/addlab/addlab/internal/published"
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
