package distill

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
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

func (r Regression) method(s setup) Method { return &regression{s, r} }

// regression is the method of Regression:
//
//	L = λ·E d(x̂_θ(ε, τ₁), ODE_ψ(ε | caption))
type regression struct {
	setup
	Regression
}

var _ Method = (*regression)(nil)
var _ sourced = (*regression)(nil)

func (m *regression) source(ctx context.Context, in Inputs, progress *train.Progress) (dataset.Source, error) {
	return m.Pairs.open(ctx, in.Pairs, in, progress)
}

// Losses implements Method.
func (*regression) Losses() []string { return regressed }

// Init implements Method.
func (*regression) Init(*model.Store) error { return nil }

// Updates implements Method.
func (m *regression) Updates(step int) []Update {
	return []Update{{
		Name: "regression",
		Draw: func(b dataset.Batch, number int) any {
			times := make([]float64, m.cfg.Batch)
			for i := range times {
				times[i] = float64(m.cfg.Times[0]) / 1000
			}
			return m.studentOn(b, m.pairNoise(m.Pairs, b), step, number, times)
		},
		Graph: train.GraphOf(m.update),
	}}
}

func (m *regression) update(root *model.Scope, in studentInputs[*Node]) map[string]*Node {
	n := networks{m.setup, root}
	x0 := n.student()(diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start)), diffusion.LevelFrom(in.Level), n.text(in.Caption))
	return regress(n, in, x0, func(x0 *Node) *Node { return m.distance(x0, in.Real, m.Huber) })
}

// pairNoise is the noise of a batch of pairs.
func (s setup) pairNoise(p Pairs, b dataset.Batch) *tensors.Tensor {
	var noise []float32
	for _, i := range b.Indices {
		noise = append(noise, p.noise(i, len(b.Images)/len(b.Indices))...)
	}
	return s.samples(noise)
}

// distance is the mean over the batch of d, the squared distance or the pseudo-Huber one, in Config.Reduction.
func (s setup) distance(x0, target *Node, huber float64) *Node {
	if huber > 0 {
		return MulScalar(pseudoHuber(x0, target, huber), float64(s.summed()))
	}
	return MulScalar(ReduceAllMean(Square(Sub(x0, StopGradient(target)))), float64(s.summed()))
}

// regressed are the losses of a method whose student moves by one distance, see regress.
var regressed = []string{"distill", "distill_grad", "student_grad", "pixel_var"}

// regress moves the student against λ times a loss at x0 = x̂_θ.
func regress(n networks, in studentInputs[*Node], x0 *Node, loss func(x0 *Node) *Node) map[string]*Node {
	clean := Identity(StopGradient(x0))
	value := loss(clean)
	gradient := Gradient(MulScalar(value, n.cfg.Lambda), clean)[0]
	return map[string]*Node{
		"distill": value, "distill_grad": l2(gradient), "pixel_var": pixelVariance(x0),
		"student_grad": moveStudent(n, x0, in, gradient),
	}
}
