package discriminator

import (
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

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
