package network

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/check"
)

// B batch, H height, W width, N patches, C width, L text tokens, E text width.

// Apply is a diffusion transformer (Peebles & Xie 2212.09748) that reads text as PixArt-α does (Chen et al. 2310.00426; names and
// structure of diffusers' transformer of that model): one modulation for all blocks, and cross-attention to the text.
// x is [B,H,W,in], timestep is [B] in 0…1000, tokens is [B,L,E], pooled is [B,·] or nil; returns [B,H,W,out].
func (cfg DiTConfig) Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node {
	x.AssertDims(-1, cfg.SampleSize, cfg.SampleSize, cfg.InChannels)
	b, side, c := x.Shape().Dim(0), cfg.SampleSize/cfg.Patch, cfg.Width
	g := x.Graph()

	// Patches with their places.
	h := patches(scope.At("pos_embed").At("proj"), x, c, cfg.Patch, true)            // [B,side,side,C]
	h = Add(Reshape(h, b, side*side, c), InsertAxes(Const(g, placesOf(side, c)), 0)) // [B,N,C]

	// The time, and the pooled text with it, as shifts, scales and gates.
	single := scope.At("adaln_single")
	emb := timeMLP(single.At("emb").At("timestep_embedder"), wave(timestep, ditTimeWidth), c) // [B,C]
	if cfg.PooledDim > 0 {
		add := scope.At("add_embedding")
		emb = Add(emb, Linear(add.At("linear_2"), SiLU(Linear(add.At("linear_1"), pooled, c, true)), c, true))
	}
	modulation := Reshape(linear(single.At("linear"), SiLU(emb), 6*c, true, gaussian(0.02)), b, 6, c)
	caption := scope.At("caption_projection")
	text := Linear(caption.At("linear_2"), GELUTanh(Linear(caption.At("linear_1"), tokens, c, true)), c, true) // [B,L,C]

	for i := range cfg.Depth {
		h = ditBlock(scope.At("transformer_blocks").At("%d", i), cfg.Heads, h, text, modulation)
	}

	last := Add(InsertAxes(emb, 1), InsertAxes(param(scope, g, "scale_shift_table", gaussian(1/math.Sqrt(float64(c))), 2, c), 0)) // [B,2,C]
	h = modulate(h, part(last, 0), part(last, 1))
	h = linear(scope.At("proj_out"), h, cfg.Patch*cfg.Patch*cfg.OutChannels, true, zeros)
	return engine.DepthToSpace(Reshape(h, b, side, side, cfg.Patch*cfg.Patch*cfg.OutChannels), cfg.Patch)
}

// ditTimeWidth is the number of waves of the timestep.
const ditTimeWidth = 256

// ditBlock is self-attention, cross-attention to the text and a feed-forward layer. h is [B,N,C], text [B,L,C], modulation [B,6,C].
func ditBlock(scope *model.Scope, heads int, h, text, modulation *Node) *Node {
	g, c := h.Graph(), h.Shape().Dim(2)
	m := Add(modulation, InsertAxes(param(scope, g, "scale_shift_table", gaussian(1/math.Sqrt(float64(c))), 6, c), 0))
	y := modulate(h, part(m, 0), part(m, 1))
	h = Add(h, Mul(part(m, 2), crossAttention(scope.At("attn1"), y, y, heads, true)))
	h = Add(h, crossAttention(scope.At("attn2"), h, text, heads, true))
	net := scope.At("ff").At("net")
	y = GELUTanh(Linear(net.At("0").At("proj"), modulate(h, part(m, 3), part(m, 4)), 4*c, true))
	return Add(h, Mul(part(m, 5), Linear(net.At("2"), y, c, true)))
}

// modulate normalises the tokens [B,N,C], scales them by 1+scale and moves them by shift, both [B,1,C].
func modulate(h, shift, scale *Node) *Node {
	return Add(Mul(standardise(h, 1e-6), AddScalar(scale, 1.0)), shift)
}

// part is row i of [B,R,C], as [B,1,C].
func part(m *Node, i int) *Node { return Slice(m, AxisRange(), AxisRange(i, i+1)) }

// placesOf are the fixed sines and cosines of column and row of every patch, [side²][C].
func placesOf(side, c int) [][]float32 {
	quarter := c / 4
	places := make([][]float32, side*side)
	for i := range places {
		row := make([]float32, c)
		for axis, at := range []int{i % side, i / side} {
			for k := range quarter {
				angle := float64(at) * math.Pow(10000, -float64(k)/float64(quarter))
				row[axis*c/2+k], row[axis*c/2+quarter+k] = float32(math.Sin(angle)), float32(math.Cos(angle))
			}
		}
		places[i] = row
	}
	return places
}

// DiTConfig describes a diffusion transformer; the fields are those of diffusers' PixArt-α transformer where it has them.
type DiTConfig struct {
	SampleSize  int `json:"sample_size"` // pixels per side
	Patch       int `json:"patch_size"`
	InChannels  int `json:"in_channels"`
	OutChannels int `json:"out_channels"`
	Width       int `json:"hidden_size"`
	Depth       int `json:"num_layers"`
	Heads       int `json:"num_attention_heads"`
	CaptionDim  int `json:"caption_channels"` // width of the text tokens
	PooledDim   int `json:"pooled_dim"`       // width of the pooled text added to the time embedding (as SDXL does); 0 for PixArt's none
}

// TinyDiT costs as many multiplications as TinyUNet and reads the same text.
func TinyDiT(textWidth int) DiTConfig {
	return DiTConfig{
		SampleSize: 32, Patch: 4, InChannels: 3, OutChannels: 3, Width: 160, Depth: 6, Heads: 5,
		CaptionDim: textWidth, PooledDim: textWidth,
	}
}

// Validate returns an error that names a field that cannot work.
func (c DiTConfig) Validate() error {
	f := check.Fields{Of: "network: dit"}
	f.Want(c.Patch >= 1 && c.SampleSize >= 1 && c.SampleSize%c.Patch == 0, "patch_size", c.Patch, fmt.Sprint("a divisor of sample_size = ", c.SampleSize))
	f.Want(c.Heads >= 1 && c.Width >= 4 && c.Width%4 == 0 && c.Width%c.Heads == 0, "hidden_size", c.Width, fmt.Sprint("a multiple of 4 and of num_attention_heads = ", c.Heads))
	f.Want(c.Depth >= 1, "num_layers", c.Depth, "≥ 1")
	f.Want(c.InChannels >= 1, "in_channels", c.InChannels, "≥ 1")
	f.Want(c.OutChannels >= 1, "out_channels", c.OutChannels, "≥ 1")
	f.Want(c.CaptionDim >= 1, "caption_channels", c.CaptionDim, "≥ 1")
	f.Want(c.PooledDim >= 0, "pooled_dim", c.PooledDim, "≥ 0")
	return f.Err
}
