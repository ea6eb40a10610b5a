package network

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/addlab/addlab/internal/published"
)

// ReadUNet reads the config.json of diffusers' UNet2DConditionModel, and the side of the latents that the network was trained on (0 where
// the file does not tell). Fields that ask for what is not built here are errors.
func ReadUNet(file string) (cfg UNetConfig, sample int, err error) {
	c := published.Read(file)
	cfg = UNetConfig{ // diffusers' defaults
		InChannels: 4, OutChannels: 4, BlockOutChannels: []int{320, 640, 1280, 1280}, LayersPerBlock: 2, CrossAttentionDim: 1280,
		TransformerDepth: 1, NormGroups: 32, Stem: 1,
	}
	down := []string{crossDown, crossDown, crossDown, plainDown}
	up := []string{plainUp, crossUp, crossUp, crossUp}
	for field, into := range map[string]any{
		"in_channels": &cfg.InChannels, "out_channels": &cfg.OutChannels, "block_out_channels": &cfg.BlockOutChannels, "sample_size": &sample,
		"layers_per_block": &cfg.LayersPerBlock, "cross_attention_dim": &cfg.CrossAttentionDim, "use_linear_projection": &cfg.LinearProjection, "norm_num_groups": &cfg.NormGroups,
		"down_block_types": &down, "up_block_types": &up, "time_cond_proj_dim": &cfg.GuidanceDim,
	} {
		c.Take(field, into)
	}
	levels := len(cfg.BlockOutChannels)
	cfg.Heads = perLevel(c, "attention_head_dim", 8, levels) // the name is older than its meaning
	if d := perLevel(c, "transformer_layers_per_block", 1, levels); len(d) > 0 && slices.Max(d) == slices.Min(d) {
		cfg.TransformerDepth = d[0]
	} else {
		cfg.TransformerDepths = d
	}
	cfg.blocks(c, down, up)
	cfg.addition(c)
	c.OnlyAll(map[string]any{
		"_class_name": "UNet2DConditionModel", "center_input_sample": false, "flip_sin_to_cos": true, "freq_shift": 0, "only_cross_attention": false,
		"mid_block_type": "UNetMidBlock2DCrossAttn", "downsample_padding": 1, "mid_block_scale_factor": 1, "act_fn": "silu", "norm_eps": 1e-5,
		"encoder_hid_dim": nil, "encoder_hid_dim_type": nil, "dual_cross_attention": false, "class_embed_type": nil, "num_class_embeds": nil,
		"resnet_time_scale_shift": "default", "resnet_skip_time_act": false, "resnet_out_scale_factor": 1, "time_embedding_type": "positional",
		"time_embedding_dim": nil, "time_embedding_act_fn": nil, "timestep_post_act": nil, "conv_in_kernel": 3,
		"conv_out_kernel": 3, "attention_type": "default", "class_embeddings_concat": false, "mid_block_only_cross_attention": nil,
		"cross_attention_norm": nil, "num_attention_heads": nil, "reverse_transformer_layers_per_block": nil,
	})
	// Precision of attention, training's dropout, and a detail of other kinds of addition_embed_type.
	c.Ignore("upcast_attention", "dropout", "addition_embed_type_num_heads")
	if err := c.Err(); err != nil {
		return UNetConfig{}, 0, err
	}
	return cfg, sample, cfg.Validate()
}

const (
	crossDown, plainDown = "CrossAttnDownBlock2D", "DownBlock2D"
	crossUp, plainUp     = "CrossAttnUpBlock2D", "UpBlock2D"
)

// blocks tells from the names of blocks which resolutions have transformers. The way up must mirror the way down.
func (c *UNetConfig) blocks(f *published.Config, down, up []string) {
	var mirrored []string
	for _, name := range down {
		c.CrossAttention = append(c.CrossAttention, name == crossDown)
		switch name {
		case crossDown:
			mirrored = append(mirrored, crossUp)
		case plainDown:
			mirrored = append(mirrored, plainUp)
		default:
			f.Refuse("down_block_types", crossDown+" or "+plainDown)
		}
	}
	if slices.Reverse(mirrored); !slices.Equal(mirrored, up) {
		f.Refuse("up_block_types", fmt.Sprintf("%q, which mirror down_block_types", mirrored))
	}
}

// addition reads SDXL's additional condition.
func (c *UNetConfig) addition(f *published.Config) {
	kind := ""
	f.Take("addition_embed_type", &kind)
	if kind == "" {
		f.Ignore("addition_time_embed_dim", "projection_class_embeddings_input_dim")
		return
	}
	f.Take("addition_time_embed_dim", &c.SizeDim)
	f.Take("projection_class_embeddings_input_dim", &c.PooledDim)
	if kind != "text_time" {
		f.Refuse("addition_embed_type", `null or "text_time"`)
	} else if c.SizeDim < 1 {
		f.Refuse("addition_time_embed_dim", "≥ 1")
	}
}

// perLevel is a number for every resolution, or the same for all.
func perLevel(f *published.Config, field string, otherwise, levels int) (all []int) {
	var value json.RawMessage
	f.Take(field, &value)
	if value == nil || json.Unmarshal(value, &otherwise) == nil {
		return slices.Repeat([]int{otherwise}, levels)
	}
	if json.Unmarshal(value, &all) != nil || len(all) != levels {
		f.Refuse(field, fmt.Sprintf("a whole number, or %d of them", levels))
	}
	return all
}
