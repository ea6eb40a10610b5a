package network

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
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
	Grid       int    `json:"position_grid,omitempty"` // the weights' positions are for Grid×Grid patches and get interpolated; 0: as many as patches
}

// TinyViT is the built-in feature network for 32×32 pictures: 64 patches.
func TinyViT() ViTConfig {
	return ViTConfig{ImageSize: 32, Patch: 4, Width: 64, Depth: 4, Heads: 4, Stem: "conv"}
}

// Validate returns an error that names a field that cannot work.
func (c ViTConfig) Validate() error {
	switch {
	case c.Patch < 1 || c.ImageSize%c.Patch != 0:
		return fmt.Errorf("network: patch_size = %d, want a divisor of image_size = %d", c.Patch, c.ImageSize)
	case c.Heads < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("network: num_heads = %d, want a divisor of embed_dim = %d", c.Heads, c.Width)
	case c.Depth < 1:
		return fmt.Errorf("network: depth = %d, want ≥ 1", c.Depth)
	case c.Stem != "patch" && c.Stem != "conv":
		return fmt.Errorf("network: stem = %q, want patch or conv", c.Stem)
	case c.Stem == "conv" && (c.Patch < 4 || c.Patch&(c.Patch-1) != 0):
		return fmt.Errorf("network: patch_size = %d with stem conv, want a power of 2 from 4 on", c.Patch)
	}
	for size := 2; c.Stem == "conv" && size <= c.Patch; size *= 2 {
		if width := stemWidth(c, size); width%stemGroups != 0 {
			return fmt.Errorf("network: embed_dim = %d with stem conv, want its share %d at %d pixels to be a multiple of %d", c.Width, width, size, stemGroups)
		}
	}
	return nil
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
		channels := x.Shape().Dim(3)
		w := param(scope.At("proj"), x.Graph(), "weight", fanIn(1), cfg.Width, channels, cfg.Patch, cfg.Patch)
		// [O,C,K,K] → [O,K,K,C], the order in which SpaceToDepth lays pixels out.
		w = Reshape(TransposeAllDims(w, 0, 2, 3, 1), cfg.Width, cfg.Patch*cfg.Patch*channels)
		y := EinsumAxes(engine.SpaceToDepth(x, cfg.Patch), w, [][2]int{{3, 1}}, nil)
		return Add(y, ExpandLeftToRank(param(scope.At("proj"), x.Graph(), "bias", zeros, cfg.Width), 4))
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

// stemGroups are the groups of the norms in a convolutional stem.
const stemGroups = 8

// stemWidth is the width of a convolutional stem where a token covers size×size pixels.
func stemWidth(cfg ViTConfig, size int) int { return max(cfg.Width*size/cfg.Patch, 32) }
