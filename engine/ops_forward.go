package engine

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Operations of networks that only run forward. B batch, H height, W width, C channels, O output channels, K, L kernel sizes.

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

// padded surrounds the pixels with a value.
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
