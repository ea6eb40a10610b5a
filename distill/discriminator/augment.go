package discriminator

import (
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// DiffAugment (Zhao et al. 2020, arXiv 2006.10738), policy "color,translation,cutout": differentiable, so that the student learns
// through it. B batch, H height, W width.

// Columns of the parameters, one row per sample; lengths and positions in pixels.
const (
	brightness = iota // b: x + b
	saturation        // s: (x − mean over channels)·s + mean
	contrast          // k: (x − mean of the picture)·k + mean
	shiftY            // output row i shows input row i + shiftY
	shiftX
	cutTop // the cut square covers rows cutTop ≤ i < cutBottom
	cutBottom
	cutLeft
	cutRight

	// AugmentParams is the number of parameters per sample of Augment.
	AugmentParams
)

// DrawAugment draws the parameters of one batch of size×size pictures, [batch, AugmentParams]. color and shift are the strengths of changes
// of colour and of place, 1 in DiffAugment.
func DrawAugment(r *rand.Rand, batch, size int, color, shift float32) []float32 {
	reach := int(float64(shift)*float64(size)/8 + 0.5)
	side := int(0.2*float64(size) + 0.5)
	// The square's middle is uniform over the picture, hence squares at the border are cut off.
	corner := func() float32 { return float32(r.IntN(size+1-side%2) - side/2) }

	params := make([]float32, 0, batch*AugmentParams)
	for range batch {
		var p [AugmentParams]float32
		p[brightness] = r.Float32() - 0.5
		p[saturation] = r.Float32() * 2
		p[contrast] = r.Float32() + 0.5
		if color != 1 {
			p[brightness], p[saturation], p[contrast] = p[brightness]*color, 1+(p[saturation]-1)*color, 1+(p[contrast]-1)*color
		}
		p[shiftY] = float32(r.IntN(2*reach+1) - reach)
		p[shiftX] = float32(r.IntN(2*reach+1) - reach)
		p[cutTop], p[cutLeft] = corner(), corner()
		p[cutBottom], p[cutRight] = p[cutTop]+float32(side), p[cutLeft]+float32(side)
		params = append(params, p[:]...)
	}
	return params
}

// IdentityAugment gives parameters with which Augment returns its input exactly.
func IdentityAugment(batch int) []float32 {
	params := make([]float32, batch*AugmentParams)
	for i := range batch {
		params[i*AugmentParams+saturation] = 1
		params[i*AugmentParams+contrast] = 1
	}
	return params
}

// Augment changes colours, moves and cuts pictures [B,H,W,3] in [-1,1] by params [B,AugmentParams]. What is moved in or cut out is 0, grey.
func Augment(img, params *Node) *Node {
	img.AssertRank(4)
	params.AssertDims(img.Shape().Dimensions[0], AugmentParams)
	x := augmentColor(img, params)
	x = translate(x, column(params, shiftY), column(params, shiftX))
	return cutout(x, params)
}

// augmentColor applies brightness, saturation and contrast. Written as x·s + mean·(1−s), s = 1 is exact.
func augmentColor(x, params *Node) *Node {
	perSample := func(c int) *Node { return InsertAxes(column(params, c), -1, -1) } // [B,1,1,1]
	x = Add(x, perSample(brightness))
	s := perSample(saturation)
	x = Add(Mul(x, s), Mul(ReduceAndKeep(x, ReduceMean, 3), OneMinus(s)))
	k := perSample(contrast)
	return Add(Mul(x, k), Mul(ReduceAndKeep(x, ReduceMean, 1, 2, 3), OneMinus(k)))
}

// translate moves pictures by whole pixels, dy and dx [B,1]: two products with matrices of zeros and ones, whose gradients are
// products again on every engine.
func translate(x, dy, dx *Node) *Node {
	shift := func(n int, d *Node) *Node { // [B,n,n]: row i picks column i + d
		batch := d.Shape().Dimensions[0]
		shape := shapes.Make(d.DType(), batch, n, n)
		offset := Sub(Iota(d.Graph(), shape, 2), Iota(d.Graph(), shape, 1))
		return ConvertDType(Equal(offset, BroadcastToShape(InsertAxes(d, -1), shape)), d.DType())
	}
	dims := x.Shape().Dimensions
	return resample(x, shift(dims[1], dy), shift(dims[2], dx))
}

// cutout sets one square per sample to 0.
func cutout(x, params *Node) *Node {
	inside := func(n, from, to int) *Node { // [B,n]: 1 within the square
		shape := shapes.Make(params.DType(), params.Shape().Dimensions[0], n)
		i := Iota(params.Graph(), shape, 1)
		lo := BroadcastToShape(column(params, from), shape)
		hi := BroadcastToShape(column(params, to), shape)
		return ConvertDType(LogicalAnd(GreaterOrEqual(i, lo), LessThan(i, hi)), params.DType())
	}
	dims := x.Shape().Dimensions
	rows := InsertAxes(inside(dims[1], cutTop, cutBottom), -1, -1)   // [B,H,1,1]
	columns := InsertAxes(inside(dims[2], cutLeft, cutRight), 1, -1) // [B,1,W,1]
	return Mul(x, OneMinus(Mul(rows, columns)))
}

// column reads one parameter of every sample, [B,1].
func column(params *Node, c int) *Node {
	return Slice(params, AxisRange(), AxisRange(c, c+1))
}
