package network

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// B batch, H height, W width, C channels, F the factor by which latents are smaller, Z latent channels.

// VAEConfig describes Stable Diffusion's autoencoder (Rombach et al. 2112.10752 §3.1); the fields are those of diffusers' AutoencoderKL.
type VAEConfig struct {
	InChannels       int     `json:"in_channels"`
	OutChannels      int     `json:"out_channels"`
	LatentChannels   int     `json:"latent_channels"`    // Z
	BlockOutChannels []int   `json:"block_out_channels"` // of every resolution, the largest picture first
	LayersPerBlock   int     `json:"layers_per_block"`
	NormGroups       int     `json:"norm_num_groups"`
	MidAttention     bool    `json:"mid_block_add_attention"`
	QuantConv        bool    `json:"use_quant_conv"`
	PostQuantConv    bool    `json:"use_post_quant_conv"`
	Scale            float64 `json:"scaling_factor"` // a diffusion model's latents are (z − shift)·scale
	Shift            float64 `json:"shift_factor"`
}

// Factor is how many times smaller latents are on a side, F.
func (cfg VAEConfig) Factor() int { return 1 << (len(cfg.BlockOutChannels) - 1) }

// Encode gives mean and logarithm of the variance of the latents of a picture. x is [B,H,W,in] in [-1,1]; both results are [B,H/F,W/F,Z].
func (cfg VAEConfig) Encode(scope *model.Scope, x *Node) (mean, logVariance *Node) {
	x.AssertDims(-1, -1, -1, cfg.InChannels)
	s, last := scope.At("encoder"), len(cfg.BlockOutChannels)-1
	h := Conv(s.At("conv_in"), x, cfg.BlockOutChannels[0], 3)
	for i, width := range cfg.BlockOutChannels {
		block := s.At("down_blocks").At("%d", i)
		for j := range cfg.LayersPerBlock {
			h = cfg.resBlock(block.At("resnets").At("%d", j), h, width)
		}
		if i < last {
			h = downsample(block.At("downsamplers").At("0").At("conv"), h, 0)
		}
	}
	h = cfg.normed(s.At("conv_norm_out"), cfg.middle(s.At("mid_block"), h))
	h = Conv(s.At("conv_out"), h, 2*cfg.LatentChannels, 3)
	if cfg.QuantConv {
		h = Conv(scope.At("quant_conv"), h, 2*cfg.LatentChannels, 1)
	}
	z := AxisRange(0, cfg.LatentChannels)
	mean = Slice(h, AxisRange(), AxisRange(), AxisRange(), z)
	logVariance = Slice(h, AxisRange(), AxisRange(), AxisRange(), AxisRange(cfg.LatentChannels))
	return mean, ClipScalar(logVariance, -30, 20)
}

// Decode draws the picture of latents. z is [B,H/F,W/F,Z], neither scaled nor shifted; returns [B,H,W,out], about in [-1,1].
func (cfg VAEConfig) Decode(scope *model.Scope, z *Node) *Node {
	z.AssertDims(-1, -1, -1, cfg.LatentChannels)
	if cfg.PostQuantConv {
		z = Conv(scope.At("post_quant_conv"), z, cfg.LatentChannels, 1)
	}
	s, last := scope.At("decoder"), len(cfg.BlockOutChannels)-1
	h := cfg.middle(s.At("mid_block"), Conv(s.At("conv_in"), z, cfg.BlockOutChannels[last], 3))
	for i := range cfg.BlockOutChannels {
		block, width := s.At("up_blocks").At("%d", i), cfg.BlockOutChannels[last-i]
		for j := range cfg.LayersPerBlock + 1 {
			h = cfg.resBlock(block.At("resnets").At("%d", j), h, width)
		}
		if i < last {
			h = Conv(block.At("upsamplers").At("0").At("conv"), engine.UpsampleNearest(h), width, 3)
		}
	}
	return Conv(s.At("conv_out"), cfg.normed(s.At("conv_norm_out"), h), cfg.OutChannels, 3)
}

// middle is the block of the smallest resolution. h is [B,h,w,C]; returns the same shape.
func (cfg VAEConfig) middle(scope *model.Scope, h *Node) *Node {
	width := h.Shape().Dim(3)
	h = cfg.resBlock(scope.At("resnets").At("0"), h, width)
	if cfg.MidAttention {
		h = cfg.attention(scope.At("attentions").At("0"), h)
	}
	return cfg.resBlock(scope.At("resnets").At("1"), h, width)
}

// resBlock is a residual block. x is [B,h,w,C]; returns [B,h,w,width].
func (cfg VAEConfig) resBlock(scope *model.Scope, x *Node, width int) *Node {
	h := Conv(scope.At("conv1"), cfg.normed(scope.At("norm1"), x), width, 3)
	h = Conv(scope.At("conv2"), cfg.normed(scope.At("norm2"), h), width, 3)
	if x.Shape().Dim(3) != width {
		x = Conv(scope.At("conv_shortcut"), x, width, 1)
	}
	return Add(x, h)
}

// attention lets all pixels attend to each other with one head. x is [B,h,w,C]; returns the same shape.
func (cfg VAEConfig) attention(scope *model.Scope, x *Node) *Node {
	b, c := x.Shape().Dim(0), x.Shape().Dim(3)
	n := Reshape(GroupNorm(scope.At("group_norm"), x, cfg.NormGroups, vaeEpsilon), b, -1, c)
	return Add(x, Reshape(crossAttention(scope, n, n, 1, true), x.Shape().Dimensions...))
}

const vaeEpsilon = 1e-6

func (cfg VAEConfig) normed(scope *model.Scope, x *Node) *Node {
	return SiLU(GroupNorm(scope, x, cfg.NormGroups, vaeEpsilon))
}
