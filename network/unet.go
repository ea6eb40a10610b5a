package network

import (
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// B batch, H height, W width, C channels, L text tokens, E text width, T width of the time embedding.

// Apply is Stable Diffusion's U-Net (Rombach et al. 2112.10752; names and structure of diffusers' UNet2DConditionModel).
// x is [B,H,W,in], timestep is [B] in 0…1000, tokens is [B,L,E], pooled is [B,PooledWidth] or nil; returns [B,H,W,out].
func (cfg UNetConfig) Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node {
	u, h, skips, _ := cfg.encode(scope, x, timestep, tokens, pooled)
	return u.decode(scope, h, skips)
}

// Encode is the first half of Apply: what the network knows of a picture at the end of every resolution and in the middle, each
// [B,h,w,C]. The widths are those of EncodeWidths.
func (cfg UNetConfig) Encode(scope *model.Scope, x, timestep, tokens, pooled *Node) []*Node {
	_, _, _, levels := cfg.encode(scope, x, timestep, tokens, pooled)
	return levels
}

// EncodeWidths are the channels of what Encode gives.
func (cfg UNetConfig) EncodeWidths() []int {
	return append(slices.Clone(cfg.BlockOutChannels), cfg.BlockOutChannels[len(cfg.BlockOutChannels)-1])
}

// encode runs to the middle: h is its output, skips wait for the way up, levels are Encode's.
func (cfg UNetConfig) encode(scope *model.Scope, x, timestep, tokens, pooled *Node) (u unet, h *Node, skips, levels []*Node) {
	x.AssertDims(-1, -1, -1, cfg.InChannels)
	tokens.AssertDims(-1, -1, cfg.CrossAttentionDim)
	u = unet{cfg: cfg, tokens: tokens}
	widths := cfg.BlockOutChannels
	if cfg.GuidanceDim > 0 {
		pooled.AssertDims(-1, cfg.PooledWidth())
		guidance := Slice(pooled, AxisRange(), AxisRange(cfg.addedWidth())) // [B,1]
		if cfg.PooledDim > 0 {
			pooled = Slice(pooled, AxisRange(), AxisRange(0, cfg.addedWidth()))
		}
		u.emb = cfg.guidedTime(scope.At("time_embedding"), timestep, guidance)
	} else {
		u.emb = timeEmbedding(scope, timestep, widths[0])
	}
	if cfg.PooledDim > 0 {
		u.emb = Add(u.emb, timeMLP(scope.At("add_embedding"), cfg.added(pooled), u.emb.Shape().Dim(1)))
	}
	u.emb = SiLU(u.emb) // every residual block applies it first

	x = engine.SpaceToDepth(x, cfg.Stem)
	h = Conv(scope.At("conv_in"), x, widths[0], 3)
	skips = []*Node{h}

	for i, width := range widths {
		block := scope.At("down_blocks").At("%d", i)
		for j := range cfg.LayersPerBlock {
			h = u.layer(block, j, h, width, i)
			skips = append(skips, h)
		}
		levels = append(levels, h)
		if i < len(widths)-1 {
			h = u.downsample(block.At("downsamplers").At("0"), h)
			skips = append(skips, h)
		}
	}

	last := len(widths) - 1
	mid := scope.At("mid_block")
	h = u.resBlock(mid.At("resnets").At("0"), h, widths[last])
	h = u.transformer(mid.At("attentions").At("0"), h, last)
	h = u.resBlock(mid.At("resnets").At("1"), h, widths[last])
	return u, h, skips, append(levels, h)
}

// decode is the way up from the middle to the output [B,H,W,out].
func (u unet) decode(scope *model.Scope, h *Node, skips []*Node) *Node {
	cfg, widths := u.cfg, u.cfg.BlockOutChannels
	last := len(widths) - 1
	for i := range widths {
		level := last - i
		block := scope.At("up_blocks").At("%d", i)
		for j := range cfg.LayersPerBlock + 1 {
			h = Concatenate([]*Node{h, skips[len(skips)-1]}, 3)
			skips = skips[:len(skips)-1]
			h = u.layer(block, j, h, widths[level], level)
		}
		if level > 0 {
			h = engine.UpsampleNearest(h)
			if !cfg.PlainUp {
				h = Conv(block.At("upsamplers").At("0").At("conv"), h, widths[level], 3)
			}
		}
	}

	h = SiLU(GroupNorm(scope.At("conv_norm_out"), h, cfg.NormGroups, 1e-5))
	h = conv(scope.At("conv_out"), h, cfg.OutChannels*cfg.Stem*cfg.Stem, 3, zeros)
	return engine.DepthToSpace(h, cfg.Stem)
}

type unet struct {
	cfg         UNetConfig
	emb, tokens *Node // [B,T], [B,L,E]
}

// layer is a residual block, followed by a transformer where the resolution has them.
func (u unet) layer(block *model.Scope, j int, h *Node, width, level int) *Node {
	h = u.resBlock(block.At("resnets").At("%d", j), h, width)
	if u.cfg.CrossAttention[level] {
		h = u.transformer(block.At("attentions").At("%d", j), h, level)
	}
	return h
}

// resBlock is a residual block conditioned on the time embedding. x is [B,H,W,C]; returns [B,H,W,width].
func (u unet) resBlock(scope *model.Scope, x *Node, width int) *Node {
	h := SiLU(GroupNorm(scope.At("norm1"), x, u.cfg.NormGroups, 1e-5))
	h = Conv(scope.At("conv1"), h, width, 3)
	shift := Linear(scope.At("time_emb_proj"), u.emb, width, true) // [B,width]
	h = Add(h, InsertAxes(shift, 1, 1))
	h = SiLU(GroupNorm(scope.At("norm2"), h, u.cfg.NormGroups, 1e-5))
	h = conv(scope.At("conv2"), h, width, 3, fanIn(0.2))
	if x.Shape().Dim(3) != width {
		x = Conv(scope.At("conv_shortcut"), x, width, 1)
	}
	return Add(x, h)
}

// transformer lets pixels attend to each other and to the text. x is [B,H,W,C]; returns the same shape.
func (u unet) transformer(scope *model.Scope, x *Node, level int) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	heads := u.cfg.Heads[level]
	project := func(name string, y *Node, init initializer) *Node {
		if u.cfg.LinearProjection {
			return linear(scope.At("%s", name), y, c, true, init)
		}
		return Reshape(conv(scope.At("%s", name), Reshape(y, b, h, w, c), c, 1, init), b, h*w, c)
	}
	y := Reshape(GroupNorm(scope.At("norm"), x, u.cfg.NormGroups, 1e-6), b, h*w, c)
	y = project("proj_in", y, fanIn(1))
	for k := range u.cfg.depth(level) {
		block := scope.At("transformer_blocks").At("%d", k)
		n := LayerNorm(block.At("norm1"), y, 1e-5)
		y = Add(y, crossAttention(block.At("attn1"), n, n, heads, false))
		y = Add(y, crossAttention(block.At("attn2"), LayerNorm(block.At("norm2"), y, 1e-5), u.tokens, heads, false))
		y = Add(y, geglu(block.At("ff").At("net"), LayerNorm(block.At("norm3"), y, 1e-5)))
	}
	return Add(x, Reshape(project("proj_out", y, fanIn(0.2)), b, h, w, c))
}

func (u unet) downsample(scope *model.Scope, x *Node) *Node {
	if u.cfg.PoolDown {
		return engine.DownsampleMean(x)
	}
	return downsample(scope.At("conv"), x, 1)
}

// downsample halves the picture by a convolution of kernel 3 with padding before and, in any case 1, behind. x is [B,H,W,C].
func downsample(scope *model.Scope, x *Node, before int) *Node {
	width := x.Shape().Dim(3)
	w := param(scope, x.Graph(), "weight", fanIn(1), width, width, 3, 3)
	y := multiplied(x, w, func(x, w *Node) *Node { return engine.Conv2DStride2(x, w, before) })
	return Add(y, ExpandLeftToRank(param(scope, x.Graph(), "bias", zeros, width), 4))
}

// crossAttention attends from x [B,N,C] to context [B,M,E]; bias is that of the projections before. Returns [B,N,C].
func crossAttention(scope *model.Scope, x, context *Node, heads int, bias bool) *Node {
	c := x.Shape().Dim(2)
	q, k, v := Linear(scope.At("to_q"), x, c, bias), Linear(scope.At("to_k"), context, c, bias), Linear(scope.At("to_v"), context, c, bias)
	return Linear(scope.At("to_out").At("0"), attend(q, k, v, nil, heads), c, true)
}

// geglu is the gated feed-forward layer of Stable Diffusion's transformers (Shazeer 2002.05202). x is [B,N,C].
func geglu(scope *model.Scope, x *Node) *Node {
	c := x.Shape().Dim(2)
	h := Linear(scope.At("0").At("proj"), x, 8*c, true)
	value := Slice(h, AxisRange(), AxisRange(), AxisRange(0, 4*c))
	gate := Slice(h, AxisRange(), AxisRange(), AxisRange(4*c, 8*c))
	return Linear(scope.At("2"), Mul(value, GELU(gate)), c, true)
}

// added is what add_embedding reads: pooled itself, or with SizeDim the pooled text followed by waves of the six numbers behind it.
func (cfg UNetConfig) added(pooled *Node) *Node {
	pooled.AssertDims(-1, cfg.addedWidth())
	if cfg.SizeDim == 0 {
		return pooled
	}
	b, text := pooled.Shape().Dim(0), cfg.addedWidth()-sizeNumbers
	numbers := Reshape(Slice(pooled, AxisRange(), AxisRange(text)), -1) // [B·6]
	return Concatenate([]*Node{Slice(pooled, AxisRange(), AxisRange(0, text)), Reshape(wave(numbers, cfg.SizeDim), b, -1)}, 1)
}

// guidedTime is the embedding of the timestep [B] and of the weight of guidance less 1, [B,1]. Its waves have other frequencies and
// begin with the sines.
func (cfg UNetConfig) guidedTime(scope *model.Scope, timestep, guidance *Node) *Node {
	half, width := cfg.GuidanceDim/2, cfg.BlockOutChannels[0]
	frequencies := make([]float32, half)
	for i := range frequencies {
		frequencies[i] = float32(1000 * math.Exp(-math.Log(10000)*float64(i)/float64(half-1)))
	}
	angles := Mul(guidance, InsertAxes(Const(guidance.Graph(), frequencies), 0)) // [B,half]
	told := Linear(scope.At("cond_proj"), Concatenate([]*Node{Sin(angles), Cos(angles)}, 1), width, false)
	return timeMLP(scope, Add(wave(timestep, width), told), 4*width)
}

// timeEmbedding is the sinusoidal embedding of the timestep through two layers. timestep is [B]; returns [B,4·width].
func timeEmbedding(scope *model.Scope, timestep *Node, width int) *Node {
	return timeMLP(scope.At("time_embedding"), wave(timestep, width), 4*width)
}

// timeMLP is two linear layers with SiLU between them. x is [B,·]; returns [B,width].
func timeMLP(scope *model.Scope, x *Node, width int) *Node {
	return Linear(scope.At("linear_2"), SiLU(Linear(scope.At("linear_1"), x, width, true)), width, true)
}

// wave holds cosines and sines of the timestep [B] at falling frequencies, [B,width].
func wave(timestep *Node, width int) *Node {
	angles := Mul(InsertAxes(timestep, 1), InsertAxes(Const(timestep.Graph(), waveFrequencies(width)), 0)) // [B,width/2]
	return Concatenate([]*Node{Cos(angles), Sin(angles)}, 1)
}

// waveFrequencies are those of wave, in radians for a step of the timestep.
func waveFrequencies(width int) []float32 {
	frequencies := make([]float32, width/2)
	for i := range frequencies {
		frequencies[i] = float32(math.Exp(-math.Log(10000) * float64(i) / float64(width/2)))
	}
	return frequencies
}
