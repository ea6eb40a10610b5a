package network

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

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
