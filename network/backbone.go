package network

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Backbone is a network that a diffusion model can be made of. x is [B,H,W,C], timestep is [B] in 0…1000, tokens is [B,L,E],
// pooled is [B,·]; Apply returns [B,H,W,C].
type Backbone interface {
	Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node
	Validate() error

	// Outer names the first and last layers, which some optimisers treat differently.
	Outer() []string

	// TimeWaves names the layer that reads the timestep, and the frequencies of the cosines, then the sines, that are its inputs; "" where
	// none is fast. An error says that the network cannot do without its fast ones.
	TimeWaves() (layer string, frequencies []float32, err error)
}

// Encoder is a backbone whose first half tells what is in a picture.
type Encoder interface {
	Backbone
	Encode(scope *model.Scope, x, timestep, tokens, pooled *Node) []*Node
	EncodeWidths() []int
}

var (
	_ Encoder  = UNetConfig{}
	_ Backbone = DiTConfig{}
)

// Outer implements Backbone.
func (UNetConfig) Outer() []string { return []string{"conv_in", "conv_out"} }

// TimeWaves implements Backbone.
func (cfg UNetConfig) TimeWaves() (string, []float32, error) {
	return "time_embedding/linear_1", waveFrequencies(cfg.BlockOutChannels[0]), nil
}

// TimeWaves implements Backbone.
func (DiTConfig) TimeWaves() (string, []float32, error) {
	return "adaln_single/emb/timestep_embedder/linear_1", waveFrequencies(ditTimeWidth), nil
}

// Outer implements Backbone.
func (DiTConfig) Outer() []string { return []string{"pos_embed", "proj_out"} }

// UNetConfig describes Stable Diffusion's U-Net; the fields are those of diffusers' UNet2DConditionModel where it has them.
type UNetConfig struct {
	InChannels       int   `json:"in_channels"`
	OutChannels      int   `json:"out_channels"`
	BlockOutChannels []int `json:"block_out_channels"`
	LayersPerBlock   int   `json:"layers_per_block"`
	// CrossAttention tells for every resolution whether its residual blocks are followed by transformers.
	CrossAttention    []bool `json:"cross_attention"`
	CrossAttentionDim int    `json:"cross_attention_dim"`
	Heads             []int  `json:"heads"` // attention heads of every resolution
	TransformerDepth  int    `json:"transformer_layers_per_block"`
	LinearProjection  bool   `json:"use_linear_projection"`
	NormGroups        int    `json:"norm_num_groups"`

	// What the small scale needs; a stem of 1 and zero values give Stable Diffusion.
	Stem      int  `json:"stem"`       // fold stem×stem pixels into channels first; 1 for none
	PoolDown  bool `json:"pool_down"`  // mean pooling in place of strided convolution
	PlainUp   bool `json:"plain_up"`   // upsampling without convolution
	PooledDim int  `json:"pooled_dim"` // width of the pooled text added to the time embedding (as SDXL does); 0 for none

	// Stable Diffusion XL's (Podell et al. 2307.01952 §2).
	TransformerDepths []int `json:"transformer_depths,omitempty"`      // of every resolution, in place of TransformerDepth; the middle has the last
	SizeDim           int   `json:"addition_time_embed_dim,omitempty"` // the last 6·SizeDim of PooledDim are waves of six numbers, which end pooled

	// GuidanceDim is the width in which a latent consistency model (Luo et al. 2310.04378 §4.2) reads the weight of guidance less 1, which
	// pooled ends with; 0 for none.
	GuidanceDim int `json:"time_cond_proj_dim,omitempty"`
}

// sizeNumbers are SDXL's: height and width of the original, top and left of the crop, height and width of the target.
const sizeNumbers = 6

// PooledWidth is the width of Apply's pooled input.
func (c UNetConfig) PooledWidth() int { return c.addedWidth() + min(c.GuidanceDim, 1) }

// addedWidth is the part of it that add_embedding reads.
func (c UNetConfig) addedWidth() int {
	if c.SizeDim == 0 {
		return c.PooledDim
	}
	return c.PooledDim - sizeNumbers*c.SizeDim + sizeNumbers
}

// depth is the number of layers of a transformer at a resolution.
func (c UNetConfig) depth(level int) int {
	if c.TransformerDepths != nil {
		return c.TransformerDepths[level]
	}
	return c.TransformerDepth
}

// TinyUNet is the built-in model for 32×32 pictures.
func TinyUNet(textWidth int) UNetConfig {
	return UNetConfig{
		InChannels: 3, OutChannels: 3,
		BlockOutChannels: []int{64, 96, 128}, LayersPerBlock: 1,
		CrossAttention: []bool{false, false, true}, CrossAttentionDim: textWidth, Heads: []int{2, 4, 4},
		TransformerDepth: 1, LinearProjection: true, NormGroups: 8,
		Stem: 2, PoolDown: true, PlainUp: true, PooledDim: textWidth,
	}
}

// Validate returns an error that names a field that cannot work.
func (c UNetConfig) Validate() error {
	levels := len(c.BlockOutChannels)
	switch {
	case levels == 0:
		return fmt.Errorf("network: block_out_channels is empty, want one width per resolution")
	case len(c.CrossAttention) != levels || len(c.Heads) != levels:
		return fmt.Errorf("network: cross_attention has %d and heads %d entries, want %d as block_out_channels", len(c.CrossAttention), len(c.Heads), levels)
	case c.LayersPerBlock < 1 || c.Stem < 1 || c.NormGroups < 1:
		return fmt.Errorf("network: layers_per_block = %d, stem = %d, norm_num_groups = %d, want ≥ 1", c.LayersPerBlock, c.Stem, c.NormGroups)
	case c.TransformerDepths != nil && len(c.TransformerDepths) != levels:
		return fmt.Errorf("network: transformer_depths has %d entries, want %d as block_out_channels", len(c.TransformerDepths), levels)
	case c.SizeDim < 0 || c.SizeDim > 0 && c.addedWidth() <= sizeNumbers:
		return fmt.Errorf("network: addition_time_embed_dim = %d, want 0 or less than a sixth of pooled_dim = %d", c.SizeDim, c.PooledDim)
	case c.GuidanceDim < 0 || c.GuidanceDim%2 != 0 || c.GuidanceDim == 2:
		return fmt.Errorf("network: time_cond_proj_dim = %d, want 0 or an even number from 4 on", c.GuidanceDim)
	}
	for i, width := range c.BlockOutChannels {
		if c.Heads[i] < 1 {
			return fmt.Errorf("network: heads[%d] = %d, want ≥ 1", i, c.Heads[i])
		}
		if width < 1 || width%c.NormGroups != 0 || width%c.Heads[i] != 0 {
			return fmt.Errorf("network: block_out_channels[%d] = %d, want a multiple of norm_num_groups = %d and heads = %d", i, width, c.NormGroups, c.Heads[i])
		}
	}
	return nil
}
