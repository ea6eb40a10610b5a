package discriminator

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// FeatureNet is a frozen network: pictures [B,H,W,3] in [-1,1] → taps, each [B,1+T,C], CLS first.
// It normalises its input itself.
type FeatureNet func(img *Node) []*Node

// Features gives the inputs of the heads, one [B,T,C] per tap: pictures [B,H,W,3] are augmented and cropped by params (see DrawView),
// resized to size×size and passed through the frozen network.
func Features(net FeatureNet, img, params *Node, cfg Config, size int) []*Node {
	taps := net(View(img, params, cfg, size))
	tokens := make([]*Node, len(taps))
	for k, tap := range taps {
		tokens[k] = Tokens(tap)
	}
	return tokens
}

// Tokens adds the CLS token to every patch token and drops it: [B,1+T,C] → [B,T,C].
func Tokens(tap *Node) *Node {
	tap.AssertRank(3)
	cls := Slice(tap, AxisRange(), AxisRangeFromStart(1), AxisRange())
	return Add(Slice(tap, AxisRange(), AxisRangeToEnd(1), AxisRange()), cls)
}

// ViewParams is the number of parameters per sample of View: those of Augment, then those of Crop.
const ViewParams = AugmentParams + CropParams

// DrawView draws how one batch of size×size pictures is shown to a feature network of input×input pixels: [batch, ViewParams].
// Real and generated pictures are shown by separate draws.
func DrawView(r *rand.Rand, cfg Config, batch, size, input int) []float32 {
	augment := IdentityAugment(batch)
	if cfg.Augment {
		augment = DrawAugment(r, batch, size, cmp.Or(float32(cfg.AugmentColor), 1))
	}
	crop := DrawCrop(r, batch, size, input, cfg.CropProb)
	params := make([]float32, 0, batch*ViewParams)
	for i := range batch {
		params = append(params, augment[i*AugmentParams:(i+1)*AugmentParams]...)
		params = append(params, crop[i*CropParams:(i+1)*CropParams]...)
	}
	return params
}

// View shows pictures [B,H,W,3] to the feature network: DiffAugment, crop, resize → [B,input,input,3]. params is [B,ViewParams].
func View(img, params *Node, cfg Config, input int) *Node {
	img.AssertRank(4)
	params.AssertDims(img.Shape().Dimensions[0], ViewParams)
	if cfg.Augment {
		img = Augment(img, Slice(params, AxisRange(), AxisRangeFromStart(AugmentParams)))
	}
	return Crop(img, Slice(params, AxisRange(), AxisRangeToEnd(AugmentParams)), input)
}

// B batch, H×W the picture, S×S the feature network's input.

// CropParams is the number of parameters per sample of Crop: top, left and side of the square shown, in pixels.
const CropParams = 3

// DrawCrop draws which square of each size×size picture is shown to a network of input×input pixels, [batch, CropParams]:
// where the picture is larger, with probability prob a random square of the input's size, otherwise the whole picture.
func DrawCrop(r *rand.Rand, batch, size, input int, prob float64) []float32 {
	params := make([]float32, 0, batch*CropParams)
	for range batch {
		top, left, side := 0, 0, size
		if size > input && r.Float64() < prob {
			top, left, side = r.IntN(size-input+1), r.IntN(size-input+1), input
		}
		params = append(params, float32(top), float32(left), float32(side))
	}
	return params
}

// Crop shows a square of each picture [B,H,W,3], resized to [B,input,input,3]; params is [B,CropParams].
// The pictures themselves are returned where sizes agree: there is nothing to crop or to resize.
func Crop(img, params *Node, input int) *Node {
	img.AssertRank(4)
	dims := img.Shape().Dimensions
	params.AssertDims(dims[0], CropParams)
	if dims[1] == input && dims[2] == input {
		return img
	}
	side := column(params, 2)
	return resample(img,
		interpolation(column(params, 0), side, dims[1], input),
		interpolation(column(params, 1), side, dims[2], input))
}

// interpolation gives the matrices [B,out,in] of linear interpolation from the window [start, start+side) of a line of in pixels to out
// pixels. Each output pixel is a triangle around its place in the window, as wide as one output pixel where the window shrinks, so that
// reducing a picture averages instead of skipping; at the border the weights are normalised. start and side are [B,1].
func interpolation(start, side *Node, in, out int) *Node {
	g, dtype := start.Graph(), start.DType()
	shape := shapes.Make(dtype, start.Shape().Dimensions[0], out, in)
	start, side = InsertAxes(start, -1), InsertAxes(side, -1) // [B,1,1]

	// place of the middle of output pixel i, in pixels of the line
	i := Iota(g, shapes.Make(dtype, 1, out, 1), 1)
	scale := DivScalar(side, float64(out))                               // [B,1,1]
	center := AddScalar(Add(start, Mul(scale, AddScalar(i, 0.5))), -0.5) // [B,out,1]
	width := MaxScalar(scale, 1.0)

	j := Iota(g, shape, 2)
	weight := MaxScalar(OneMinus(Div(Abs(Sub(j, center)), width)), 0.0) // [B,out,in]
	window := LogicalAnd(
		GreaterOrEqual(j, BroadcastToShape(start, shape)),
		LessThan(j, BroadcastToShape(Add(start, side), shape)))
	weight = Mul(weight, ConvertDType(window, dtype))
	return StopGradient(Div(weight, ReduceAndKeep(weight, ReduceSum, 2)))
}

// resample applies one matrix to the lines and one to the columns of every picture: x [B,H,W,C], rows [B,H',H], columns [B,W',W] →
// [B,H',W',C].
func resample(x, rows, columns *Node) *Node {
	x = DotGeneral(rows, []int{2}, []int{0}, x, []int{1}, []int{0})    // [B,H',W,C]
	x = DotGeneral(columns, []int{2}, []int{0}, x, []int{2}, []int{0}) // [B,W',H',C]
	return Transpose(x, 1, 2)
}

// Condition joins what cfg lets the heads see: c_text [B,·] and c_img [B,·] → [B,E]; nil when that is nothing.
// A part that cfg leaves out may be nil. With CondRMS each part has unit root mean square per sample, so that both weigh the same.
// A row of zeros (c_img at s = τ_n, where x_s is pure noise) stays zero. No gradient reaches the networks that made them.
func Condition(cfg Config, text, image *Node) *Node {
	var parts []*Node
	add := func(on bool, name string, c *Node) {
		if !on {
			return
		}
		if c == nil {
			panic(fmt.Errorf("discriminator: %s condition = nil, want [B,E] as the Config asks for it", name))
		}
		c.AssertRank(2)
		c = StopGradient(c)
		if cfg.CondRMS {
			c = Div(c, Sqrt(AddScalar(ReduceAndKeep(Square(c), ReduceMean, 1), 1e-12)))
		}
		parts = append(parts, c)
	}
	add(cfg.Text, "text", text)
	add(cfg.Image, "image", image)
	if parts == nil {
		return nil
	}
	return Concatenate(parts, 1)
}
