package network

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/check"
)

// B batch, H height, W width, C channels, N tokens of the query, M tokens of the context, D width of a head.

// Linear is a dense layer on the last axis. x is [...,C]; returns [...,out].
func Linear(scope *model.Scope, x *Node, out int, bias bool) *Node {
	return linear(scope, x, out, bias, fanIn(1))
}

func linear(scope *model.Scope, x *Node, out int, bias bool, init initializer) *Node {
	g, last := x.Graph(), x.Rank()-1
	w := param(scope, g, "weight", init, out, x.Shape().Dim(last))
	y := multiplied(x, w, func(x, w *Node) *Node { return EinsumAxes(x, w, [][2]int{{last, 1}}, nil) })
	if bias {
		y = Add(y, ExpandLeftToRank(param(scope, g, "bias", zeros, out), y.Rank()))
	}
	return y
}

// Conv is a same-padded convolution with bias. x is [B,H,W,C]; returns [B,H,W,out].
func Conv(scope *model.Scope, x *Node, out, kernel int) *Node {
	return conv(scope, x, out, kernel, fanIn(1))
}

func conv(scope *model.Scope, x *Node, out, kernel int, init initializer) *Node {
	g := x.Graph()
	w := param(scope, g, "weight", init, out, x.Shape().Dim(3), kernel, kernel)
	return Add(multiplied(x, w, engine.Conv2D), ExpandLeftToRank(param(scope, g, "bias", zeros, out), 4))
}

// patches is a convolution of kernel and stride p, as a matrix product. x is [B,H,W,C]; returns [B,H/p,W/p,out].
func patches(scope *model.Scope, x *Node, out, p int, bias bool) *Node {
	g, c := x.Graph(), x.Shape().Dim(3)
	w := param(scope, g, "weight", fanIn(1), out, c, p, p)
	w = Reshape(TransposeAllDims(w, 0, 2, 3, 1), out, p*p*c) // the order in which SpaceToDepth lays pixels out
	y := multiplied(engine.SpaceToDepth(x, p), w, func(x, w *Node) *Node { return EinsumAxes(x, w, [][2]int{{3, 1}}, nil) })
	if bias {
		y = Add(y, ExpandLeftToRank(param(scope, g, "bias", zeros, out), 4))
	}
	return y
}

// GroupNorm normalises groups of channels over all pixels. x is [B,H,W,C]; returns the same shape.
func GroupNorm(scope *model.Scope, x *Node, groups int, epsilon float64) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	g := x.Graph()
	// Sums over pixels first: a contiguous reduction, then a tiny one over the channels of a group.
	flat := Reshape(x, b, h*w, c)
	mean := ReduceMean(Reshape(ReduceMean(flat, 1), b, groups, c/groups), 2)              // [B,G]
	square := ReduceMean(Reshape(ReduceMean(Mul(flat, flat), 1), b, groups, c/groups), 2) // [B,G]
	variance := MaxScalar(Sub(square, Mul(mean, mean)), 0.0)
	inverse := Reciprocal(Sqrt(AddScalar(variance, epsilon)))
	perChannel := func(n *Node) *Node {
		return Reshape(BroadcastToDims(InsertAxes(n, -1), b, groups, c/groups), b, c)
	}
	scale := Mul(perChannel(inverse), ExpandLeftToRank(param(scope, g, "weight", ones, c), 2))         // [B,C]
	shift := Sub(ExpandLeftToRank(param(scope, g, "bias", zeros, c), 2), Mul(perChannel(mean), scale)) // [B,C]
	return Reshape(Add(Mul(flat, InsertAxes(scale, 1)), InsertAxes(shift, 1)), b, h, w, c)
}

// frozenNorm is batch normalisation by the statistics of training, as scale and shift of every channel: both [C]. TensorFlow's networks
// have this epsilon.
func frozenNorm(scope *model.Scope, g *Graph, channels int) (scale, shift *Node) {
	variance := param(scope, g, "running_var", ones, channels)
	scale = Div(param(scope, g, "weight", ones, channels), Sqrt(AddScalar(variance, 1e-3)))
	shift = Sub(param(scope, g, "bias", zeros, channels), Mul(param(scope, g, "running_mean", zeros, channels), scale))
	return scale, shift
}

// LayerNorm normalises the last axis. x is [...,C]; returns the same shape.
func LayerNorm(scope *model.Scope, x *Node, epsilon float64) *Node {
	g, c, y := x.Graph(), x.Shape().Dim(x.Rank()-1), standardise(x, epsilon)
	weight := ExpandLeftToRank(param(scope, g, "weight", ones, c), x.Rank())
	bias := ExpandLeftToRank(param(scope, g, "bias", zeros, c), x.Rank())
	return Add(Mul(y, weight), bias)
}

func standardise(x *Node, epsilon float64) *Node {
	centred := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	variance := ReduceAndKeep(Mul(centred, centred), ReduceMean, -1)
	return Div(centred, Sqrt(AddScalar(variance, epsilon)))
}

// SiLU is x·sigmoid(x).
func SiLU(x *Node) *Node { return Mul(x, Sigmoid(x)) }

// GELU is the exact Gaussian error linear unit, x·Φ(x).
func GELU(x *Node) *Node {
	return Mul(x, MulScalar(AddScalar(Erf(MulScalar(x, math.Sqrt2/2)), 1.0), 0.5))
}

// GELUTanh is the approximation of GELU by a hyperbolic tangent (Hendrycks & Gimpel 1606.08415 §2).
func GELUTanh(x *Node) *Node {
	inner := MulScalar(Add(x, MulScalar(Mul(x, Mul(x, x)), 0.044715)), math.Sqrt(2/math.Pi))
	return Mul(x, MulScalar(AddScalar(Tanh(inner), 1.0), 0.5))
}

// QuickGELU is x·sigmoid(1.702x), what OpenAI's CLIP uses in place of GELU.
func QuickGELU(x *Node) *Node { return Mul(x, Sigmoid(MulScalar(x, 1.702))) }

// attend is multi-head attention over projected tokens. q is [B,N,C], k and v are [B,M,C], mask (or nil) is added to the
// logits and broadcasts to [B,heads,N,M]; returns [B,N,C].
func attend(q, k, v, mask *Node, heads int) *Node {
	b, n, c := q.Shape().Dim(0), q.Shape().Dim(1), q.Shape().Dim(2)
	d := c / heads
	split := func(x *Node) *Node {
		return TransposeAllDims(Reshape(x, b, x.Shape().Dim(1), heads, d), 0, 2, 1, 3) // [B,heads,·,D]
	}
	q, k, v = split(MulScalar(q, 1/math.Sqrt(float64(d)))), split(k), split(v)
	each := [][2]int{{0, 0}, {1, 1}}                                                                       // batch and heads
	logits := multiplied(q, k, func(q, k *Node) *Node { return EinsumAxes(q, k, [][2]int{{3, 3}}, each) }) // [B,heads,N,M]
	if mask != nil {
		logits = Add(logits, mask)
	}
	out := multiplied(Softmax(logits, -1), v, func(p, v *Node) *Node { return EinsumAxes(p, v, [][2]int{{3, 2}}, each) }) // [B,heads,N,D]
	return Reshape(TransposeAllDims(out, 0, 2, 1, 3), b, n, c)
}

// Matrix is a learned matrix [rows,columns].
func Matrix(scope *model.Scope, g *Graph, rows, columns int) *Node {
	return param(scope, g, "weight", gaussian(1), rows, columns)
}

// ConvNetConfig describes the small residual convolutional network used by classifiers and contrastive image towers.
type ConvNetConfig struct {
	Widths []int `json:"widths"` // one stage per width, each at half the resolution of the one before
	Blocks int   `json:"blocks"` // residual blocks per stage
	Out    int   `json:"out"`    // width of the feature vector
}

const convNetGroups = 8

// Validate returns an error that names a field that cannot work for pictures of this size.
func (c ConvNetConfig) Validate(size int) error {
	f, halved := check.Fields{Of: "network"}, 2<<len(c.Widths)
	f.Want(len(c.Widths) > 0, "widths", c.Widths, "at least one")
	for _, width := range c.Widths {
		f.Want(width >= 1 && width%convNetGroups == 0, "widths", c.Widths, fmt.Sprint("multiples of ", convNetGroups))
	}
	f.Want(size%halved == 0, "widths", c.Widths, fmt.Sprintf("fewer for %d pixels, want a size that %d divides: every stage halves it", size, halved))
	f.Want(c.Blocks >= 0, "blocks", c.Blocks, "≥ 0")
	f.Want(c.Out >= 1, "out", c.Out, "≥ 1")
	return f.Err
}

// ConvNetResult holds what the network computed.
type ConvNetResult struct {
	Stages   []*Node // the map at the end of every stage, before it is halved: [B,H/2,W/2,widths[0]] first
	Features *Node   // [B,Out]
}

// ConvNet runs the network. x is [B,H,W,3]. The last map is flattened, not pooled: positions matter.
func ConvNet(scope *model.Scope, cfg ConvNetConfig, x *Node) (r ConvNetResult) {
	x.AssertRank(4)
	h := engine.SpaceToDepth(x, 2)
	for i, width := range cfg.Widths {
		stage := scope.At("stages").At("%d", i)
		h = Conv(stage.At("conv"), h, width, 3)
		for j := range cfg.Blocks {
			block := stage.At("blocks").At("%d", j)
			y := SiLU(GroupNorm(block.At("norm1"), h, convNetGroups, 1e-5))
			y = SiLU(GroupNorm(block.At("norm2"), Conv(block.At("conv1"), y, width, 3), convNetGroups, 1e-5))
			h = Add(h, conv(block.At("conv2"), y, width, 3, fanIn(0.2)))
		}
		r.Stages = append(r.Stages, h)
		h = engine.DownsampleMean(h)
	}
	h = SiLU(GroupNorm(scope.At("norm"), h, convNetGroups, 1e-5))
	h = Reshape(h, h.Shape().Dim(0), -1)
	r.Features = Linear(scope.At("fc"), h, cfg.Out, true)
	return r
}
