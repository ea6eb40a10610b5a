package engine

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// B batch, H height, W width, C channels, O output channels, K kernel size.

// Conv2D is a convolution with odd square kernel, stride 1 and "same" padding.
// x is [B,H,W,C], w is [O,C,K,K] as PyTorch stores it; returns [B,H,W,O].
// The form is chosen by engine: XLA has fast convolutions with fast gradients, the others are faster with matrix products.
func Conv2D(x, w *Node) *Node {
	x.AssertRank(4)
	w.AssertRank(4)
	k := w.Shape().Dim(2)
	if k == 1 {
		o, c := w.Shape().Dim(0), w.Shape().Dim(1)
		return EinsumAxes(x, Reshape(w, o, c), [][2]int{{3, 1}}, nil) // [B,H,W,O]
	}
	if hasFastConvolution(x) {
		return Convolve(x, TransposeAllDims(w, 2, 3, 1, 0)).PadSame().Done()
	}
	return convByMatMul(x, w)
}

// Conv2DStride2 is a convolution with stride 2 and padding 1 on each side, as PyTorch pads (Stable Diffusion's downsampler).
// x is [B,H,W,C] with H and W even, w is [O,C,3,3]; returns [B,H/2,W/2,O].
func Conv2DStride2(x, w *Node) *Node {
	x.AssertRank(4)
	if hasFastConvolution(x) {
		pad := [][2]int{{1, 1}, {1, 1}}
		return Convolve(x, TransposeAllDims(w, 2, 3, 1, 0)).PaddingPerDim(pad).Strides(2).Done()
	}
	// No gradient of strided convolutions there: keep every second pixel of the dense result.
	y := convByMatMul(x, w)
	b, h, wd, o := y.Shape().Dim(0), y.Shape().Dim(1), y.Shape().Dim(2), y.Shape().Dim(3)
	y = Reshape(y, b, h/2, 2, wd/2, 2, o)
	return Reshape(Slice(y, AxisRange(), AxisRange(), AxisElem(0), AxisRange(), AxisElem(0), AxisRange()), b, h/2, wd/2, o)
}

// convByMatMul sums one matrix product per kernel position.
func convByMatMul(x, w *Node) *Node {
	g := x.Graph()
	h, wd, k := x.Shape().Dim(1), x.Shape().Dim(2), w.Shape().Dim(2)
	r := k / 2
	edge := PadAxis{Start: r, End: r}
	padded := Pad(x, ScalarZero(g, x.DType()), PadAxis{}, edge, edge, PadAxis{}) // [B,H+2r,W+2r,C]
	var sum *Node
	for i := range k {
		for j := range k {
			shifted := Slice(padded, AxisRange(), AxisRange(i, i+h), AxisRange(j, j+wd), AxisRange())
			wij := Reshape(Slice(w, AxisRange(), AxisRange(), AxisElem(i), AxisElem(j)), w.Shape().Dim(0), w.Shape().Dim(1))
			part := EinsumAxes(shifted, wij, [][2]int{{3, 1}}, nil) // [B,H,W,O]
			if sum == nil {
				sum = part
			} else {
				sum = Add(sum, part)
			}
		}
	}
	return sum
}

// DownsampleMean halves the picture by the mean of 2×2 pixels. x is [B,H,W,C]; returns [B,H/2,W/2,C].
func DownsampleMean(x *Node) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	return ReduceMean(Reshape(x, b, h/2, 2, w/2, 2, c), 2, 4)
}

// UpsampleNearest doubles the picture by repeating pixels. x is [B,H,W,C]; returns [B,2H,2W,C].
func UpsampleNearest(x *Node) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	x = BroadcastToDims(Reshape(x, b, h, 1, w, 1, c), b, h, 2, w, 2, c)
	return Reshape(x, b, 2*h, 2*w, c)
}

// SpaceToDepth folds p×p pixels into channels. x is [B,H,W,C]; returns [B,H/p,W/p,p·p·C].
func SpaceToDepth(x *Node, p int) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	x = Reshape(x, b, h/p, p, w/p, p, c)
	return Reshape(TransposeAllDims(x, 0, 1, 3, 2, 4, 5), b, h/p, w/p, p*p*c)
}

// DepthToSpace undoes SpaceToDepth. x is [B,H,W,p·p·C]; returns [B,pH,pW,C].
func DepthToSpace(x *Node, p int) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)/(p*p)
	x = Reshape(x, b, h, w, p, p, c)
	return Reshape(TransposeAllDims(x, 0, 1, 3, 2, 4, 5), b, h*p, w*p, c)
}

// Release frees tensors on host and device immediately: waiting for the garbage collector lets device memory grow with every step.
func Release(ts ...*tensors.Tensor) {
	for _, t := range ts {
		if t != nil {
			_ = t.FinalizeAll()
		}
	}
}

// BakesWeights reports whether a compiled evaluation graph keeps the values that its variables had when it was compiled.
func BakesWeights(b compute.Backend) bool { return b.Name() == "onnxruntime" }

func hasFastConvolution(x *Node) bool { return x.Graph().Backend().Name() == "xla" }
