package discriminator

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Heads are the discriminator's heads within one graph.
type Heads struct{ heads []head }

// Bind reads the heads that Init created under scope, normalising every weight once for all uses in the graph.
// update moves the power iterations of the spectral norms by one step: the discriminator's own step asks for it, once per graph.
// As u changes between steps and is not trainable, every graph with heads must be marked as training (Store.SetTraining) for engines that
// bake such variables into a compiled graph.
func Bind(scope *model.Scope, g *Graph, cfg Config, update bool) *Heads {
	h := &Heads{}
	for scope.At("heads").At("%d", len(h.heads)).At("out").GetVariable("weight") != nil {
		at := scope.At("heads").At("%d", len(h.heads))
		variable := func(layer, name string) *model.Variable {
			v := at.At("%s", layer).GetVariable(name)
			if v == nil {
				panic(fmt.Errorf("discriminator: variable %s/%s/%s is missing, want Init with the same Config", at.Scope(), layer, name))
			}
			return v
		}
		value := func(layer, name string) *Node { return variable(layer, name).NodeValue(g) }
		conv := func(layer string) *Node { return spectralNorm(value(layer, "weight"), variable(layer, "u"), update) }
		normed := func(name string) layer {
			return layer{conv(name), value(name+"_norm", "weight"), value(name+"_norm", "bias")}
		}
		one := head{cfg: cfg, point: normed("point"), ring: normed("ring"), out: conv("out"), outBias: value("out", "bias")}
		switch {
		case cfg.Conditional() && cfg.CondEqualized:
			one.condWeight = value("cond", "weight")
			one.condWeight = MulScalar(one.condWeight, 1/math.Sqrt(float64(one.condWeight.Shape().Dim(1))))
			one.condBias = ZerosLike(one.outBias)
		case cfg.Conditional():
			one.condWeight, one.condBias = value("cond", "weight"), value("cond", "bias")
		}
		h.heads = append(h.heads, one)
	}
	if len(h.heads) == 0 {
		panic(fmt.Errorf("discriminator: no heads under %s, want them created by Init", scope.Scope()))
	}
	return h
}

// Logits judges the tokens of one batch, [B,T,C] per tap (see Features): one [B,T] per head. cond is [B,E], ignored by unconditional
// heads. Real and generated pictures come in separate calls: a norm over both would tell each head what it is to find out.
func (h *Heads) Logits(tokens []*Node, cond *Node) []*Node {
	if len(tokens) != len(h.heads) {
		panic(fmt.Errorf("discriminator: %d taps, want %d, one per head", len(tokens), len(h.heads)))
	}
	logits := make([]*Node, len(tokens))
	for k, x := range tokens {
		x.AssertRank(3)
		if h.heads[k].condWeight != nil {
			if cond == nil {
				panic(fmt.Errorf("discriminator: cond = nil, want [B,E] for conditional heads"))
			}
			cond.AssertDims(x.Shape().Dimensions[0], h.heads[k].condWeight.Shape().Dimensions[1])
		}
		logits[k] = h.heads[k].logits(x, cond)
	}
	return logits
}

// B batch, T tokens, C channels of the tap, E condition, M channels of the projection.

// head is one discriminator head within a graph: the variables read, convolutions already divided by their spectral norm.
type head struct {
	cfg         Config
	point, ring layer
	out         *Node // [M,C,1]
	outBias     *Node // [M]
	condWeight  *Node // [M,E], nil when unconditional
	condBias    *Node // [M], zeros with Config.CondEqualized
}

// layer is a convolution with a norm: weight [C,C,K], scale and bias [C].
type layer struct{ weight, scale, bias *Node }

// logits judges every token: tokens [B,T,C], cond [B,E] or nil → [B,T].
func (h *head) logits(tokens, cond *Node) *Node {
	x := h.block(tokens, h.point)
	x = MulScalar(Add(h.block(x, h.ring), x), math.Sqrt2/2)
	if h.condWeight == nil {
		y := Add(circularConv(x, h.out), Reshape(h.outBias, 1, 1, -1)) // [B,T,1]
		return Squeeze(y, 2)
	}

	// Projection (Miyato & Koyama 2018, arXiv 1802.05637): ⟨cls, cmap⟩/√M with cls = W·x + b.
	// cmap is the same for all tokens: ⟨W·x + b, cmap⟩ = ⟨x, Wᵀcmap⟩ + ⟨b, cmap⟩ needs no tensor [B,T,M].
	cmap := Add(DotGeneral(cond, []int{1}, nil, h.condWeight, []int{1}, nil), Reshape(h.condBias, 1, -1)) // [B,M]
	cmap = MulScalar(cmap, 1/math.Sqrt(float64(cmap.Shape().Dimensions[1])))
	direction := DotGeneral(cmap, []int{1}, nil, Squeeze(h.out, 2), []int{0}, nil) // [B,C]
	logits := DotGeneral(x, []int{2}, []int{0}, direction, []int{1}, []int{0})     // [B,T]
	return Add(logits, ReduceAndKeep(Mul(cmap, Reshape(h.outBias, 1, -1)), ReduceSum, 1))
}

// block is convolution, norm, LeakyReLU 0.2: [B,T,C] → [B,T,C].
func (h *head) block(x *Node, l layer) *Node {
	return leakyReLU(normalize(circularConv(x, l.weight), l.scale, l.bias, h.cfg))
}

// leakyReLU is x for x > 0 and 0.2·x elsewhere. The slope is a constant for the gradient, which keeps second derivatives short.
func leakyReLU(x *Node) *Node {
	g, dtype := x.Graph(), x.DType()
	slope := Where(GreaterThan(x, ScalarZero(g, dtype)), ScalarOne(g, dtype), Scalar(g, dtype, 0.2))
	return Mul(x, StopGradient(slope))
}
