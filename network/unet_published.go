package network

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/published"
	"github.com/addlab/addlab/network/weights"
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

// Publish gives the network as diffusers' UNet2DConditionModel for pictures of a side: the fields of its config.json and its tensors. f, which
// is not changed, holds those of c. Input and output are pictures after torch's pixel_unshuffle by Stem; the pooled caption is class_labels.
// Mean pooling and plain upsampling become convolutions with constant weights.
func (c UNetConfig) Publish(f *weights.File, side int) (fields map[string]any, out *weights.File, err error) {
	if c.SizeDim > 0 || c.GuidanceDim > 0 {
		return nil, nil, fmt.Errorf("network: addition_time_embed_dim = %d, time_cond_proj_dim = %d, want 0 of a built-in U-Net", c.SizeDim, c.GuidanceDim)
	}
	if side%c.Stem != 0 {
		return nil, nil, fmt.Errorf("network: side = %d, want a multiple of stem = %d", side, c.Stem)
	}
	var down, up []string
	for _, cross := range c.CrossAttention {
		if cross {
			down, up = append(down, crossDown), append(up, crossUp)
		} else {
			down, up = append(down, plainDown), append(up, plainUp)
		}
	}
	slices.Reverse(up)
	depth := any(c.TransformerDepth)
	if c.TransformerDepths != nil {
		depth = c.TransformerDepths
	}
	fields = map[string]any{
		"_class_name": "UNet2DConditionModel", "in_channels": c.InChannels * c.Stem * c.Stem, "out_channels": c.OutChannels * c.Stem * c.Stem,
		"sample_size": side / c.Stem, "block_out_channels": c.BlockOutChannels, "layers_per_block": c.LayersPerBlock, "down_block_types": down,
		"up_block_types": up, "cross_attention_dim": c.CrossAttentionDim, "attention_head_dim": c.Heads, "transformer_layers_per_block": depth,
		"use_linear_projection": c.LinearProjection, "norm_num_groups": c.NormGroups,
	}
	if c.PooledDim > 0 {
		fields["class_embed_type"], fields["projection_class_embeddings_input_dim"] = "projection", c.PooledDim
	}

	out = &weights.File{Tensors: maps.Clone(f.Tensors), Metadata: map[string]string{"format": "pt"}}
	for name, t := range f.Tensors {
		if rest, ok := strings.CutPrefix(name, "add_embedding."); ok {
			delete(out.Tensors, name)
			out.Tensors["class_embedding."+rest] = t
		}
	}
	for name, axis := range map[string]int{"conv_in.weight": 1, "conv_out.weight": 0, "conv_out.bias": 0} {
		out.Tensors[name] = channelsFirst(f.Tensors[name], axis, c.Stem*c.Stem)
	}
	last := len(c.BlockOutChannels) - 1
	for level, width := range c.BlockOutChannels {
		if c.PoolDown && level < last {
			everyChannel(out, fmt.Sprintf("down_blocks.%d.downsamplers.0.conv", level), width, []float32{0, 0, 0, 0, .25, .25, 0, .25, .25})
		}
		if c.PlainUp && level > 0 {
			everyChannel(out, fmt.Sprintf("up_blocks.%d.upsamplers.0.conv", last-level), width, []float32{0, 0, 0, 0, 1, 0, 0, 0, 0})
		}
	}
	return fields, out, nil
}

// channelsFirst reorders an axis of so many places times channels, as SpaceToDepth has them, to channels times places.
func channelsFirst(t weights.Tensor, axis, places int) weights.Tensor {
	block := 1
	for _, n := range t.Shape[axis+1:] {
		block *= n
	}
	n := t.Shape[axis]
	channels, data := n/places, make([]float32, 0, len(t.Data))
	for from := 0; from < len(t.Data); from += n * block {
		for k := range n {
			at := from + (k%places*channels+k/places)*block
			data = append(data, t.Data[at:at+block]...)
		}
	}
	return weights.Tensor{Shape: t.Shape, Data: data}
}

// everyChannel adds a convolution that applies a kernel [3,3] to every channel.
func everyChannel(f *weights.File, name string, width int, kernel []float32) {
	weight := make([]float32, width*width*9)
	for i := range width {
		copy(weight[(i*width+i)*9:], kernel)
	}
	f.Tensors[name+".weight"] = weights.Tensor{Shape: []int{width, width, 3, 3}, Data: weight}
	f.Tensors[name+".bias"] = weights.Tensor{Shape: []int{width}, Data: make([]float32, width)}
}
