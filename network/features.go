package network

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/check"
)

// B batch, S side of the picture, T tokens, C channels of a tap, H and W sides of a map.

// Features is a frozen network that a discriminator or a probe looks through.
type Features interface {
	// Taps are what the network says of pictures [B,S,S,3] in [-1,1] at its depths, the shallowest first: [B,1+T,C], where the first token
	// stands for the whole picture.
	Taps(scope *model.Scope, x *Node) []*Node
	// Widths are the channels C of the taps.
	Widths() []int
	// Side is S, 0 where pictures may have any.
	Side() int
	Validate() error
}

var (
	_ Features = ViTConfig{}
	_ Features = CLIPFeatures{}
	_ Features = EfficientNetFeatures{}
)

// Taps implements Features: the embedding, then every block, the class token first.
func (c ViTConfig) Taps(scope *model.Scope, x *Node) []*Node { return ViT(scope, c, x, nil).Taps }

// Widths implements Features.
func (c ViTConfig) Widths() []int {
	return slices.Repeat([]int{c.Width}, 1+c.Depth)
}

// Side implements Features.
func (c ViTConfig) Side() int { return c.ImageSize }

// CLIPFeatures are the states of CLIP's picture tower: what enters its layers, then the output of every layer, the class token first.
type CLIPFeatures struct{ CLIPVisionConfig }

// Validate implements Features.
func (f CLIPFeatures) Validate() error {
	c := check.Fields{Of: "network"}
	c.Want(f.Patch >= 1 && f.ImageSize%f.Patch == 0, "patch_size", f.Patch, fmt.Sprint("a divisor of image_size = ", f.ImageSize))
	c.Want(f.Heads >= 1 && f.Width%f.Heads == 0, "num_attention_heads", f.Heads, fmt.Sprint("a divisor of hidden_size = ", f.Width))
	c.Want(f.Layers >= 1, "num_hidden_layers", f.Layers, "≥ 1")
	return c.Err
}

// Taps implements Features.
func (f CLIPFeatures) Taps(scope *model.Scope, x *Node) []*Node {
	row := func(rgb ...float32) *Node { return Reshape(Const(x.Graph(), rgb), 1, 1, 1, 3) }
	x = Sub(MulScalar(AddScalar(x, 1), 0.5), row(0.48145466, 0.4578275, 0.40821073))
	return clipStates(scope, f.CLIPVisionConfig, Div(x, row(0.26862954, 0.26130258, 0.27577711)))
}

// Widths implements Features.
func (f CLIPFeatures) Widths() []int { return slices.Repeat([]int{f.Width}, 1+f.Layers) }

// Side implements Features.
func (f CLIPFeatures) Side() int { return f.ImageSize }

// EfficientNetFeatures are maps of an EfficientNet at the end of each resolution, from a quarter of the side on, as projected GANs see them
// (Sauer et al. 2111.01007 §3.2; four maps, without the random projections). Small pictures are enlarged first.
type EfficientNetFeatures struct {
	Net  EfficientNetConfig `json:"net"`
	Size int                `json:"size"` // side that pictures are enlarged to
}

// Validate implements Features.
func (f EfficientNetFeatures) Validate() error {
	c := check.Fields{Of: "network"}
	c.Also(f.Net.Validate())
	c.Want(f.Size >= 1, "size", f.Size, "≥ 1")
	c.Want(len(f.depths()) > 0, "stages", f.Net.Stages, "one that ends at a quarter of the side or less")
	return c.Err
}

// depths are the places in EfficientNetResult.Stages of the maps.
func (f EfficientNetFeatures) depths() []int {
	var all []int
	stride := 2 // of the stem
	for i, s := range f.Net.Stages {
		stride *= s.Stride
		if last := i+1 == len(f.Net.Stages); stride >= 4 && (last || f.Net.Stages[i+1].Stride > 1) {
			all = append(all, i+1)
		}
	}
	return all
}

// Maps are [B,H,W,C], the largest first. x is [B,S,S,3] in [-1,1].
func (f EfficientNetFeatures) Maps(scope *model.Scope, x *Node) []*Node {
	x = resizeBilinear(x, f.Size)                               // [B,Size,Size,3]
	x = MulScalar(AddScalar(MulScalar(x, 127.5), 0.5), 1.0/128) // (v − 127)/128 of v = 127.5·(x + 1)
	stages := EfficientNet(scope, f.Net, x).Stages
	var maps []*Node
	for _, i := range f.depths() {
		maps = append(maps, stages[i])
	}
	return maps
}

// Taps implements Features: the maps' pixels are tokens, row by row, and their mean is the first one.
func (f EfficientNetFeatures) Taps(scope *model.Scope, x *Node) []*Node {
	maps := f.Maps(scope, x)
	for i, h := range maps {
		maps[i] = MapTokens(h)
	}
	return maps
}

// Widths implements Features.
func (f EfficientNetFeatures) Widths() []int {
	var widths []int
	for _, i := range f.depths() {
		widths = append(widths, f.Net.Stages[i-1].Out)
	}
	return widths
}

// Side implements Features: pictures are enlarged to Size.
func (f EfficientNetFeatures) Side() int { return 0 }

// MapTokens makes tokens of a map's pixels, row by row, with their mean before them: [B,H,W,C] → [B,1+H·W,C].
func MapTokens(h *Node) *Node {
	dims := h.Shape().Dimensions
	tokens := Reshape(h, dims[0], dims[1]*dims[2], dims[3])
	return Concatenate([]*Node{ReduceAndKeep(tokens, ReduceMean, 1), tokens}, 1)
}

// resizeBilinear is PyTorch's interpolate(mode="bilinear", align_corners=False), which does not antialias, so that pictures may only grow.
// Two matrix products have a gradient on every engine. x is [B,H,W,C]; returns [B,size,size,C].
func resizeBilinear(x *Node, size int) *Node {
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	if h > size || w > size {
		panic(fmt.Errorf("network: pictures of %d×%d, want at most size = %d", h, w, size))
	}
	if h != size {
		x = EinsumAxes(x, Const(x.Graph(), bilinearMatrix(h, size)), [][2]int{{1, 1}}, nil) // [B,W,C,size]
		x = TransposeAllDims(x, 0, 3, 1, 2)
	}
	if w != size {
		x = EinsumAxes(x, Const(x.Graph(), bilinearMatrix(w, size)), [][2]int{{2, 1}}, nil) // [B,size,C,size]
		x = TransposeAllDims(x, 0, 1, 3, 2)
	}
	return x
}

// bilinearMatrix has the weights of output i in row i: the source of pixel i is (i+½)·in/out − ½, not outside the picture.
func bilinearMatrix(in, out int) [][]float32 {
	m := make([][]float32, out)
	for i := range m {
		m[i] = make([]float32, in)
		at := max((float64(i)+0.5)*float64(in)/float64(out)-0.5, 0)
		low := min(int(at), in-1)
		t := float32(at - float64(low))
		m[i][low] += 1 - t
		m[i][min(low+1, in-1)] += t
	}
	return m
}
