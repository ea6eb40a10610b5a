package engine

import (
	"math"

	"github.com/gomlx/compute"
	onnxbackend "github.com/gomlx/compute-onnx"
	"github.com/gomlx/go-xla/compute/xla"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// B batch, H height, W width, C channels, O output channels, K and L kernel sizes.

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

// Conv2DStride2 is a convolution with stride 2 (Stable Diffusion's downsamplers). Padding is 1 behind the picture; before it, it is 1 as
// PyTorch pads, or 0. x is [B,H,W,C] with H and W even, w is [O,C,3,3]; returns [B,H/2,W/2,O].
func Conv2DStride2(x, w *Node, before int) *Node {
	x.AssertRank(4)
	if hasFastConvolution(x) {
		pad := [][2]int{{before, 1}, {before, 1}}
		return Convolve(x, TransposeAllDims(w, 2, 3, 1, 0)).PaddingPerDim(pad).Strides(2).Done()
	}
	// No gradient of strided convolutions there: keep every second pixel of the dense result.
	y := convByMatMul(x, w)
	b, h, wd, o := y.Shape().Dim(0), y.Shape().Dim(1), y.Shape().Dim(2), y.Shape().Dim(3)
	y = Reshape(y, b, h/2, 2, wd/2, 2, o)
	return Reshape(Slice(y, AxisRange(), AxisRange(), AxisElem(1-before), AxisRange(), AxisElem(1-before), AxisRange()), b, h/2, wd/2, o)
}

// convByMatMul sums one matrix product per kernel position.
func convByMatMul(x, w *Node) *Node {
	o, c, k := w.Shape().Dim(0), w.Shape().Dim(1), w.Shape().Dim(2)
	parts := shifts(padded(x, 0, k/2, k/2), k, k, [2]int{1, 1})
	for at, shifted := range parts {
		wij := Reshape(Slice(w, AxisRange(), AxisRange(), AxisElem(at/k), AxisElem(at%k)), o, c)
		parts[at] = EinsumAxes(shifted, wij, [][2]int{{3, 1}}, nil) // [B,H,W,O]
	}
	return fold(Add, parts)
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

// Rounding names how a backend rounds the factors of float32 products and convolutions; "" where they stay float32. XLA's convolutions on an
// NVIDIA GPU take TF32 whatever is said of products.
func Rounding(b compute.Backend) string {
	switch b := b.(type) {
	case *xla.Backend:
		switch {
		case b.DotGeneralUseTF32:
			return "tf32"
		case b.IsCUDA():
			return "tf32 in convolutions"
		}
	case *onnxbackend.Backend:
		if provider := b.ExecutionProvider().String(); provider != "cpu" {
			return "onnx on " + provider // CUDA's takes TF32
		}
	}
	return ""
}

func hasFastConvolution(x *Node) bool { return x.Graph().Backend().Name() == "xla" }

// ConvForward is a convolution of any kernel with the same stride both ways and zero padding of (rows, columns) on each side.
// x is [B,H,W,C], w is [O,C,K,L] as PyTorch stores it; returns [B,H',W',O]. Use Conv2D where gradients are wanted.
func ConvForward(x, w *Node, stride int, pad [2]int) *Node {
	x.AssertRank(4)
	w.AssertRank(4)
	o, c, k, l := w.Shape().Dim(0), w.Shape().Dim(1), w.Shape().Dim(2), w.Shape().Dim(3)
	if k == 1 && l == 1 && stride == 1 && pad == [2]int{} {
		return EinsumAxes(x, Reshape(w, o, c), [][2]int{{3, 1}}, nil)
	}
	if !needsMatMul(x) {
		edges := [][2]int{{pad[0], pad[0]}, {pad[1], pad[1]}}
		return Convolve(x, TransposeAllDims(w, 2, 3, 1, 0)).PaddingPerDim(edges).Strides(stride).Done()
	}
	windows := shifts(padded(x, 0, pad[0], pad[1]), k, l, [2]int{stride, stride})
	// [O,C,K,L] → [O,K,L,C], the order in which the windows lie behind each other.
	w = Reshape(TransposeAllDims(w, 0, 2, 3, 1), o, k*l*c)
	return EinsumAxes(Concatenate(windows, -1), w, [][2]int{{3, 1}}, nil)
}

// MaxPool3 is the maximum over 3×3 pixels. Padding is 0 or 1 and never wins. x is [B,H,W,C]; returns [B,H',W',C].
func MaxPool3(x *Node, stride, pad int) *Node {
	x = padded(x, math.Inf(-1), pad, pad)
	x = fold(Max, shifts(x, 3, 1, [2]int{stride, 1}))
	return fold(Max, shifts(x, 1, 3, [2]int{1, stride}))
}

// MeanPool3 is the mean over 3×3 pixels with stride 1, at the edge over those inside the picture. x is [B,H,W,C]; returns
// the same shape.
func MeanPool3(x *Node) *Node {
	x = padded(x, 0, 1, 1)
	one := padded(OnesLike(Slice(x, AxisRange(0, 1), AxisRange(1, -1), AxisRange(1, -1), AxisRange(0, 1))), 0, 1, 1)
	sum := func(n *Node) *Node {
		return fold(Add, shifts(fold(Add, shifts(n, 3, 1, [2]int{1, 1})), 1, 3, [2]int{1, 1}))
	}
	return Div(sum(x), sum(one))
}

func padded(x *Node, value float64, rows, columns int) *Node {
	if rows == 0 && columns == 0 {
		return x
	}
	fill := Scalar(x.Graph(), x.DType(), value)
	return Pad(x, fill, PadAxis{}, PadAxis{Start: rows, End: rows}, PadAxis{Start: columns, End: columns}, PadAxis{})
}

// shifts are the K·L pictures that a K×L window sees, rows first; strides are those of rows and columns.
func shifts(x *Node, k, l int, strides [2]int) []*Node {
	h, w := x.Shape().Dim(1)-k+1, x.Shape().Dim(2)-l+1
	axis := func(from, size, stride int) SliceAxisSpec {
		r := AxisRange(from, from+size)
		if stride > 1 {
			r = r.Stride(stride)
		}
		return r
	}
	var all []*Node
	for i := range k {
		for j := range l {
			all = append(all, Slice(x, AxisRange(), axis(i, h, strides[0]), axis(j, w, strides[1]), AxisRange()))
		}
	}
	return all
}

func fold(op func(a, b *Node) *Node, all []*Node) *Node {
	sum := all[0]
	for _, n := range all[1:] {
		sum = op(sum, n)
	}
	return sum
}

// needsMatMul reports engines whose native convolutions are slow or hang.
func needsMatMul(x *Node) bool { return x.Graph().Backend().Name() == "Go Backend" }
