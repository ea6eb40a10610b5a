package discriminator

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	. "github.com/gomlx/gomlx/core/graph"
)

// Heads are the discriminator's heads within one graph.
type Heads struct {
	heads []*head
}

// Bind reads the heads that Init created under scope, normalising every weight once for all uses in the graph.
// update moves the power iterations of the spectral norms by one step: the discriminator's own step asks for it, once per graph.
// As u changes between steps and is not trainable, every graph with heads must be marked as training (Store.SetTraining) for engines that
// bake such variables into a compiled graph.
func Bind(scope *model.Scope, g *Graph, cfg Config, update bool) *Heads {
	h := &Heads{}
	for scope.At("heads").At("%d", len(h.heads)).At("out").GetVariable("weight") != nil {
		at := scope.At("heads").At("%d", len(h.heads))
		value := func(layer, name string) *Node { return variable(at.At("%s", layer), name).NodeValue(g) }
		conv := func(layer string) *Node {
			return spectralNorm(value(layer, "weight"), variable(at.At("%s", layer), "u"), update)
		}
		one := &head{
			cfg:   cfg,
			point: conv("point"), pointScale: value("point_norm", "weight"), pointBias: value("point_norm", "bias"),
			ring: conv("ring"), ringScale: value("ring_norm", "weight"), ringBias: value("ring_norm", "bias"),
			out: conv("out"), outBias: value("out", "bias"),
		}
		if cfg.Conditional() {
			one.condWeight, one.condBias = value("cond", "weight"), value("cond", "bias")
		}
		h.heads = append(h.heads, one)
	}
	if len(h.heads) == 0 {
		panic(fmt.Errorf("discriminator: no heads under %s, want them created by Init", scope.Scope()))
	}
	return h
}

func variable(scope *model.Scope, name string) *model.Variable {
	v := scope.GetVariable(name)
	if v == nil {
		panic(fmt.Errorf("discriminator: variable %s is missing, want Init with the same Config", model.JoinPath(scope.Scope(), name)))
	}
	return v
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
