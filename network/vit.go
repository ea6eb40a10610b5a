package network

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/check"
)

// B batch, H height, W width, N patches, C width.

// ViTConfig describes a vision transformer; names of timm's VisionTransformer (DINO, DINOv2, CLIP towers).
type ViTConfig struct {
	ImageSize  int    `json:"image_size"`
	Patch      int    `json:"patch_size"`
	Width      int    `json:"embed_dim"`
	Depth      int    `json:"depth"`
	Heads      int    `json:"num_heads"`
	Stem       string `json:"stem"`                    // "patch": one linear layer; "conv": convolutions, which learn faster at small scale
	LayerScale bool   `json:"layer_scale"`             // DINOv2's learned scale of every residual branch
	KeyBias    bool   `json:"key_bias"`                // loaded weights have one; its gradient is zero, so models trained here leave it out
	ImageNet   bool   `json:"imagenet,omitempty"`      // pictures in [-1,1] are normalised by ImageNet's mean and deviation first, as published weights want them
	Grid       int    `json:"position_grid,omitempty"` // the weights' positions are for Grid×Grid patches and get interpolated; 0: as many as patches
}

// TinyViT is the built-in feature network for 32×32 pictures: 64 patches.
func TinyViT() ViTConfig {
	return ViTConfig{ImageSize: 32, Patch: 4, Width: 64, Depth: 4, Heads: 4, Stem: "conv"}
}

// Validate returns an error that names a field that cannot work.
func (c ViTConfig) Validate() error {
	f := check.Fields{Of: "network"}
	f.Want(c.Patch >= 1 && c.ImageSize%c.Patch == 0, "patch_size", c.Patch, fmt.Sprint("a divisor of image_size = ", c.ImageSize))
	f.Want(c.Heads >= 1 && c.Width%c.Heads == 0, "num_heads", c.Heads, fmt.Sprint("a divisor of embed_dim = ", c.Width))
	f.Want(c.Depth >= 1, "depth", c.Depth, "≥ 1")
	f.Want(c.Stem == "patch" || c.Stem == "conv", "stem", fmt.Sprintf("%q", c.Stem), "patch or conv")
	f.Want(c.Stem == "patch" || c.Patch >= 4 && c.Patch&(c.Patch-1) == 0, "patch_size", c.Patch, "a power of 2 from 4 on with stem conv")
	for size := 2; c.Stem == "conv" && size <= c.Patch; size *= 2 {
		width := stemWidth(c, size)
		f.Want(width%stemGroups == 0, "embed_dim", c.Width, fmt.Sprintf("its share %d at %d pixels of stem conv to be a multiple of %d", width, size, stemGroups))
	}
	return f.Err
}

// Patches is the number of patch tokens, N.
func (c ViTConfig) Patches() int { return (c.ImageSize / c.Patch) * (c.ImageSize / c.Patch) }

// ViTResult holds what the transformer computed. Every tap is [B,1+N,C] with the class token first.
type ViTResult struct {
	Taps   []*Node // the embedding output (position added), then the output of every block
	Tokens *Node   // [B,1+N,C] after the final norm
}

// Class is the final class token, [B,C].
func (r ViTResult) Class() *Node {
	return Squeeze(Slice(r.Tokens, AxisRange(), AxisElem(0)), 1)
}

// ViT runs the transformer. x is [B,H,W,3], normalised as the weights expect; mask is nil or [B,N], 1 where the patch is
// replaced by the learned mask token (masked-patch training).
func ViT(scope *model.Scope, cfg ViTConfig, x, mask *Node) ViTResult {
	x.AssertDims(-1, cfg.ImageSize, cfg.ImageSize, -1)
	g, b, n, c := x.Graph(), x.Shape().Dim(0), cfg.Patches(), cfg.Width
	if cfg.ImageNet {
		row := func(rgb ...float32) *Node { return Reshape(Const(g, rgb), 1, 1, 1, 3) }
		x = Div(Sub(MulScalar(AddScalar(x, 1), 0.5), row(0.485, 0.456, 0.406)), row(0.229, 0.224, 0.225))
	}
	h := Reshape(patchEmbedding(scope.At("patch_embed"), cfg, x), b, n, c)
	if mask != nil {
		token := Reshape(param(scope, g, "mask_token", gaussian(0.02), 1, c), 1, 1, c)
		m := InsertAxes(mask, -1)
		h = Add(Mul(h, OneMinus(m)), Mul(token, m))
	}
	class := BroadcastToDims(param(scope, g, "cls_token", gaussian(0.02), 1, 1, c), b, 1, c)
	h = Concatenate([]*Node{class, h}, 1)
	h = Add(h, positions(scope, g, cfg))

	var r ViTResult
	r.Taps = append(r.Taps, h)
	for i := range cfg.Depth {
		h = vitBlock(scope.At("blocks").At("%d", i), cfg, h)
		r.Taps = append(r.Taps, h)
	}
	r.Tokens = LayerNorm(scope.At("norm"), h, 1e-6)
	return r
}

func vitBlock(scope *model.Scope, cfg ViTConfig, h *Node) *Node {
	branch := func(name string, y *Node) *Node {
		if !cfg.LayerScale {
			return y
		}
		return Mul(y, ExpandLeftToRank(param(scope.At("%s", name), y.Graph(), "gamma", ones, cfg.Width), 3))
	}
	n := LayerNorm(scope.At("norm1"), h, 1e-6)
	h = Add(h, branch("ls1", vitAttention(scope.At("attn"), cfg, n)))
	y := GELU(Linear(scope.At("mlp").At("fc1"), LayerNorm(scope.At("norm2"), h, 1e-6), 4*cfg.Width, true))
	return Add(h, branch("ls2", Linear(scope.At("mlp").At("fc2"), y, cfg.Width, true)))
}

func vitAttention(scope *model.Scope, cfg ViTConfig, x *Node) *Node {
	c := cfg.Width
	qkv := Linear(scope.At("qkv"), x, 3*c, cfg.KeyBias)
	part := func(i int) *Node { return Slice(qkv, AxisRange(), AxisRange(), AxisRange(i*c, (i+1)*c)) }
	return Linear(scope.At("proj"), attend(part(0), part(1), part(2), nil, cfg.Heads), c, true)
}

// patchEmbedding turns pixels into patch tokens. x is [B,H,W,3]; returns [B,H/P,W/P,C].
func patchEmbedding(scope *model.Scope, cfg ViTConfig, x *Node) *Node {
	if cfg.Stem == "patch" {
		return patches(scope.At("proj"), x, cfg.Width, cfg.Patch, true)
	}
	// A convolutional stem (Xiao et al. 2106.14881): each halving doubles the width up to C.
	h := engine.SpaceToDepth(x, 2)
	for size, i := 2, 0; ; size, i = 2*size, i+1 {
		h = Conv(scope.At("conv%d", i), h, stemWidth(cfg, size), 3)
		h = SiLU(GroupNorm(scope.At("norm%d", i), h, stemGroups, 1e-5))
		if size == cfg.Patch {
			return Conv(scope.At("proj"), h, cfg.Width, 1)
		}
		h = engine.SpaceToDepth(h, 2)
	}
}

const stemGroups = 8

// stemWidth is the width of a convolutional stem where a token covers size×size pixels.
func stemWidth(cfg ViTConfig, size int) int { return max(cfg.Width*size/cfg.Patch, 32) }

// DINOv2 is Meta's self-supervised transformer (Oquab et al. 2304.07193) for 224×224 pictures: the names are those of
// facebookresearch/dinov2 on the PyTorch hub, whose positions are for 37×37 patches of 14×14 pixels. Width 384 is ViT-S,
// 768 ViT-B, 1024 (24 deep) ViT-L.
func DINOv2(width, depth int) ViTConfig {
	return ViTConfig{
		ImageSize: 224, Patch: 14, Width: width, Depth: depth, Heads: width / 64, Stem: "patch", LayerScale: true, KeyBias: true, Grid: 37,
	}
}

// positions is what is added to the class token and the patches, [1,1+N,C].
func positions(scope *model.Scope, g *Graph, cfg ViTConfig) *Node {
	n, c, side := cfg.Patches(), cfg.Width, cfg.ImageSize/cfg.Patch
	if cfg.Grid == 0 || cfg.Grid == side {
		return param(scope, g, "pos_embed", gaussian(0.02), 1, 1+n, c)
	}
	all := param(scope, g, "pos_embed", gaussian(0.02), 1, 1+cfg.Grid*cfg.Grid, c)
	class := Slice(all, AxisRange(), AxisRange(0, 1))
	grid := Reshape(Slice(all, AxisRange(), AxisRange(1)), cfg.Grid, cfg.Grid, c)
	m := Const(g, cubicMatrix(cfg.Grid, side))                                       // [side,Grid]
	rows := EinsumAxes(m, grid, [][2]int{{1, 0}}, nil)                               // [side,Grid,C]
	patches := TransposeAllDims(EinsumAxes(m, rows, [][2]int{{1, 1}}, nil), 1, 0, 2) // [side,side,C]
	return Concatenate([]*Node{class, Reshape(patches, 1, n, c)}, 1)
}

// cubicMatrix is PyTorch's bicubic interpolation (a = −¾, no antialiasing) from in to out points with the scale that DINOv2
// gives it: (out + 0.1)/in, the tenth being there against rounding. Row i holds the weights of output i.
func cubicMatrix(in, out int) [][]float32 {
	const a = -0.75
	near := func(x float64) float64 { return ((a+2)*x-(a+3))*x*x + 1 }  // |x| ≤ 1
	far := func(x float64) float64 { return ((a*x-5*a)*x+8*a)*x - 4*a } // 1 < |x| < 2
	scale := float32(float64(in) / (float64(out) + 0.1))
	m := make([][]float32, out)
	for i := range m {
		m[i] = make([]float32, in)
		at := float64(scale*(float32(i)+0.5) - 0.5)
		floor := math.Floor(at)
		t := at - floor
		for k, w := range []float64{far(t + 1), near(t), near(1 - t), far(2 - t)} {
			m[i][min(max(int(floor)-1+k, 0), in-1)] += float32(w)
		}
	}
	return m
}
