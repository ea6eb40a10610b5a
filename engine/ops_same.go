package engine

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// TensorFlow's "same" padding gives ⌈H/stride⌉ rows. Of an odd number of padded rows the larger half comes after the picture. PyTorch
// pads both sides alike, which shifts the result of strided convolutions.

// B batch, H height, W width, C channels, O output channels, K kernel size.

// ConvSame is a convolution with square kernel, any stride and TensorFlow's "same" padding. x is [B,H,W,C], w is [O,C,K,K] as PyTorch
// stores it; returns [B,⌈H/stride⌉,⌈W/stride⌉,O]. It has a gradient on every engine, and a second one.
func ConvSame(x, w *Node, stride int) *Node {
	x.AssertRank(4)
	w.AssertRank(4)
	o, c, k := w.Shape().Dim(0), w.Shape().Dim(1), w.Shape().Dim(2)
	if k == 1 && stride == 1 {
		return EinsumAxes(x, Reshape(w, o, c), [][2]int{{3, 1}}, nil)
	}
	windows := sameWindows(x, k, stride)
	w = Reshape(TransposeAllDims(w, 0, 2, 3, 1), o, k*k*c) // the order in which the windows lie behind each other
	return EinsumAxes(Concatenate(windows, -1), w, [][2]int{{3, 1}}, nil)
}

// DepthwiseConvSame is ConvSame of every channel by itself. w is [C,1,K,K]; returns [B,⌈H/stride⌉,⌈W/stride⌉,C].
// A sum of products is faster on XLA for processors than its grouped convolution, whose gradient GoMLX builds channel by channel.
func DepthwiseConvSame(x, w *Node, stride int) *Node {
	x.AssertRank(4)
	c, k := x.Shape().Dim(3), w.Shape().Dim(2)
	w.AssertDims(c, 1, k, k)
	parts := sameWindows(x, k, stride)
	for at, window := range parts {
		weight := Slice(w, AxisRange(), AxisElem(0), AxisElem(at/k), AxisElem(at%k)) // [C,1,1,1]
		parts[at] = Mul(window, Reshape(weight, 1, 1, 1, c))
	}
	return fold(Add, parts)
}

// sameWindows are the K·K pictures [B,⌈H/stride⌉,⌈W/stride⌉,C] that the places of a window see, rows first. No slice has a stride, since
// not every engine has the gradient of one: pixels are folded by the stride first.
func sameWindows(x *Node, k, stride int) []*Node {
	b, c := x.Shape().Dim(0), x.Shape().Dim(3)
	rows, padRows := samePadding(x.Shape().Dim(1), k, stride)
	columns, padColumns := samePadding(x.Shape().Dim(2), k, stride)
	x = Pad(x, ScalarZero(x.Graph(), x.DType()), PadAxis{}, padRows, padColumns, PadAxis{})
	x = Reshape(x, b, x.Shape().Dim(1)/stride, stride, x.Shape().Dim(2)/stride, stride, c)
	var all []*Node
	for i := range k {
		for j := range k {
			window := Slice(x, AxisRange(), AxisRange(i/stride, i/stride+rows), AxisElem(i%stride), AxisRange(j/stride, j/stride+columns), AxisElem(j%stride))
			all = append(all, Reshape(window, b, rows, columns, c))
		}
	}
	return all
}

// samePadding is the number of outputs along an axis of n pixels and its padding: TensorFlow's, and as many pixels more behind it, which
// no window sees, as fill up a multiple of the stride.
func samePadding(n, k, stride int) (out int, p PadAxis) {
	out = (n + stride - 1) / stride
	p.Start = max((out-1)*stride+k-n, 0) / 2
	p.End = ((k-1)/stride+out)*stride - n - p.Start
	return out, p
}
