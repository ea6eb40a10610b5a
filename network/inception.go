package network

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// B batch, H height, W width, C channels.

// Inception is the network of FID, TensorFlow's Inception v3 of 2015-12-05. It differs from today's in its pooling branches:
// means leave padding out, and the last block takes the maximum. Names are those of the pt_inception-2015-12-05 weights.
// x is [B,299,299,3] in [-1,1]; smaller pictures from 75 on work too. Returns the global means [B,2048] that are FID's features, and the
// logits [B,1008] without the bias, as the Inception Score uses them.
func Inception(scope *model.Scope, x *Node) (features, logits *Node) {
	x.AssertDims(-1, -1, -1, 3)
	h := basicConv(scope.At("Conv2d_1a_3x3"), x, 32, [2]int{3, 3}, 2, false)
	h = basicConv(scope.At("Conv2d_2a_3x3"), h, 32, [2]int{3, 3}, 1, false)
	h = basicConv(scope.At("Conv2d_2b_3x3"), h, 64, [2]int{3, 3}, 1, true)
	h = engine.MaxPool3(h, 2, 0)
	h = basicConv(scope.At("Conv2d_3b_1x1"), h, 80, [2]int{1, 1}, 1, false)
	h = basicConv(scope.At("Conv2d_4a_3x3"), h, 192, [2]int{3, 3}, 1, false)
	h = engine.MaxPool3(h, 2, 0)
	h = inceptionA(scope.At("Mixed_5b"), h, 32)
	h = inceptionA(scope.At("Mixed_5c"), h, 64)
	h = inceptionA(scope.At("Mixed_5d"), h, 64)
	h = inceptionB(scope.At("Mixed_6a"), h)
	h = inceptionC(scope.At("Mixed_6b"), h, 128)
	h = inceptionC(scope.At("Mixed_6c"), h, 160)
	h = inceptionC(scope.At("Mixed_6d"), h, 160)
	h = inceptionC(scope.At("Mixed_6e"), h, 192)
	h = inceptionD(scope.At("Mixed_7a"), h)
	h = inceptionE(scope.At("Mixed_7b"), h, engine.MeanPool3(h))
	h = inceptionE(scope.At("Mixed_7c"), h, engine.MaxPool3(h, 1, 1))
	features = ReduceMean(h, 1, 2)
	fc := scope.At("fc")
	param(fc, x.Graph(), "bias", zeros, 1008) // weights have it, the score does not want it
	return features, Linear(fc, features, 1008, false)
}

// basicConv is convolution, batch normalisation by the statistics of training, and ReLU. x is [B,H,W,C].
func basicConv(scope *model.Scope, x *Node, out int, kernel [2]int, stride int, same bool) *Node {
	w := param(scope.At("conv"), x.Graph(), "weight", fanIn(1), out, x.Shape().Dim(3), kernel[0], kernel[1])
	scale, shift := frozenNorm(scope.At("bn"), x.Graph(), out)
	pad := [2]int{}
	if same {
		pad = [2]int{kernel[0] / 2, kernel[1] / 2}
	}
	y := engine.ConvForward(x, Mul(w, Reshape(scale, out, 1, 1, 1)), stride, pad)
	return MaxScalar(Add(y, Reshape(shift, 1, 1, 1, out)), 0.0)
}

// branch chains basicConvs with "same" padding; every step is named, with its channels and kernel.
type branchStep struct {
	name     string
	channels int
	kernel   [2]int
}

func branch(scope *model.Scope, x *Node, steps ...branchStep) *Node {
	for _, s := range steps {
		x = basicConv(scope.At("%s", s.name), x, s.channels, s.kernel, 1, true)
	}
	return x
}

var k1, k3, k5, k1x3, k3x1, k1x7, k7x1 = [2]int{1, 1}, [2]int{3, 3}, [2]int{5, 5}, [2]int{1, 3}, [2]int{3, 1}, [2]int{1, 7}, [2]int{7, 1}

// inceptionA keeps 35×35 pixels.
func inceptionA(s *model.Scope, x *Node, pool int) *Node {
	return Concatenate([]*Node{
		branch(s, x, branchStep{"branch1x1", 64, k1}),
		branch(s, x, branchStep{"branch5x5_1", 48, k1}, branchStep{"branch5x5_2", 64, k5}),
		branch(s, x, branchStep{"branch3x3dbl_1", 64, k1}, branchStep{"branch3x3dbl_2", 96, k3}, branchStep{"branch3x3dbl_3", 96, k3}),
		branch(s, engine.MeanPool3(x), branchStep{"branch_pool", pool, k1}),
	}, -1)
}

// inceptionB shrinks 35×35 pixels to 17×17.
func inceptionB(s *model.Scope, x *Node) *Node {
	double := branch(s, x, branchStep{"branch3x3dbl_1", 64, k1}, branchStep{"branch3x3dbl_2", 96, k3})
	return Concatenate([]*Node{
		basicConv(s.At("branch3x3"), x, 384, k3, 2, false),
		basicConv(s.At("branch3x3dbl_3"), double, 96, k3, 2, false),
		engine.MaxPool3(x, 2, 0),
	}, -1)
}

// inceptionC keeps 17×17 pixels; c is the width of its factorised convolutions.
func inceptionC(s *model.Scope, x *Node, c int) *Node {
	return Concatenate([]*Node{
		branch(s, x, branchStep{"branch1x1", 192, k1}),
		branch(s, x, branchStep{"branch7x7_1", c, k1}, branchStep{"branch7x7_2", c, k1x7}, branchStep{"branch7x7_3", 192, k7x1}),
		branch(s, x, branchStep{"branch7x7dbl_1", c, k1}, branchStep{"branch7x7dbl_2", c, k7x1}, branchStep{"branch7x7dbl_3", c, k1x7},
			branchStep{"branch7x7dbl_4", c, k7x1}, branchStep{"branch7x7dbl_5", 192, k1x7}),
		branch(s, engine.MeanPool3(x), branchStep{"branch_pool", 192, k1}),
	}, -1)
}

// inceptionD shrinks 17×17 pixels to 8×8.
func inceptionD(s *model.Scope, x *Node) *Node {
	three := branch(s, x, branchStep{"branch3x3_1", 192, k1})
	seven := branch(s, x, branchStep{"branch7x7x3_1", 192, k1}, branchStep{"branch7x7x3_2", 192, k1x7}, branchStep{"branch7x7x3_3", 192, k7x1})
	return Concatenate([]*Node{
		basicConv(s.At("branch3x3_2"), three, 320, k3, 2, false),
		basicConv(s.At("branch7x7x3_4"), seven, 192, k3, 2, false),
		engine.MaxPool3(x, 2, 0),
	}, -1)
}

// inceptionE keeps 8×8 pixels; the two blocks pool differently.
func inceptionE(s *model.Scope, x, pooled *Node) *Node {
	three := branch(s, x, branchStep{"branch3x3_1", 384, k1})
	double := branch(s, x, branchStep{"branch3x3dbl_1", 448, k1}, branchStep{"branch3x3dbl_2", 384, k3})
	return Concatenate([]*Node{
		branch(s, x, branchStep{"branch1x1", 320, k1}),
		branch(s, three, branchStep{"branch3x3_2a", 384, k1x3}),
		branch(s, three, branchStep{"branch3x3_2b", 384, k3x1}),
		branch(s, double, branchStep{"branch3x3dbl_3a", 384, k1x3}),
		branch(s, double, branchStep{"branch3x3dbl_3b", 384, k3x1}),
		branch(s, pooled, branchStep{"branch_pool", 192, k1}),
	}, -1)
}
