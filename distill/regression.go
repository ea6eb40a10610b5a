package distill

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/check"
)

// Regression is knowledge distillation in its plain form (Luhman & Luhman 2101.02388): the student must draw in one call what the teacher's
// ODE makes of the same noise.
type Regression struct {
	Pairs Pairs   `json:"pairs"`
	Huber float64 `json:"huber"` // c of the pseudo-Huber distance; 0 for the squared one
}

// DefaultRegression is Regression by the squared distance.
var DefaultRegression = registerMethod("regression", Regression{Pairs: DefaultPairs}).(Regression)

func (r Regression) validate(f *check.Fields, c Config) {
	withoutDiscriminator(f, c)
	r.Pairs.validate(f)
	f.Want(len(c.Times) == 1, "times", c.Times, "one with the method regression, which knows pure noise alone")
	f.Want(r.Huber >= 0, "method.regression.huber", r.Huber, "≥ 0")
}

func (r Regression) method(s setup) Method { return &regression{paired{regressor{s}, r.Pairs}, r} }

// regression is the method of Regression:
//
//	L = λ·E d(x̂_θ(ε, τ₁), ODE_ψ(ε | caption))
type regression struct {
	paired
	Regression
}

var _ Method = (*regression)(nil)

// Updates implements Method.
func (m *regression) Updates(step int) []Update { return once("regression", step, m.draw, m.update) }

func (m *regression) draw(b dataset.Batch, step, number int) studentInputs[*tensors.Tensor] {
	times := slices.Repeat([]float64{float64(m.cfg.Times[0]) / 1000}, m.cfg.Batch)
	return m.studentOn(b, m.pairNoise(b), step, number, times)
}

func (m *regression) update(root *model.Scope, in studentInputs[*Node]) map[string]*Node {
	n := networks{m.setup, root}
	x0 := n.predict(in, n.text(in.Caption))
	return regress(n, in, x0, func(x0 *Node) *Node { return m.distance(x0, in.Real, m.Huber) })
}

// distance is the mean over the batch of d, the squared distance or the pseudo-Huber one, in Config.Reduction.
func (s setup) distance(x0, target *Node, huber float64) *Node {
	if huber > 0 {
		return MulScalar(pseudoHuber(x0, target, huber), float64(s.summed()))
	}
	return MulScalar(ReduceAllMean(Square(Sub(x0, StopGradient(target)))), float64(s.summed()))
}
