package distill

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/check"
)

// Regression is knowledge distillation in its plain form (Luhman & Luhman 2101.02388): the student must draw in one call what the teacher's
// ODE makes of the same noise. With Config.Adversarial a discriminator sees its pictures next to those of the data set that have the same
// captions, or next to the teacher's where it sees through the teacher, as in LADD. With Config.Matching it is DMD (Yin et al. 2311.18828),
// whose distance is LPIPS.
type Regression struct {
	Pairs Pairs   `json:"pairs"`
	Huber float64 `json:"huber"` // c of the pseudo-Huber distance; 0 for the squared one
}

// DefaultRegression is Regression by the squared distance.
var DefaultRegression = registerMethod("regression", Regression{Pairs: DefaultPairs}).(Regression)

func (r Regression) teacherPairs() Pairs { return r.Pairs }

func (r Regression) validate(f *check.Fields, c Config) {
	r.Pairs.validate(f)
	f.Want(c.Lambda > 0, "lambda", c.Lambda, "> 0 with the method regression, whose distance it weighs")
	f.Want(len(c.Times) == 1, "times", c.Times, "one with the method regression, which knows pure noise alone")
	f.Want(c.Discriminator.Group() == 1, "discriminator.per_caption", c.Discriminator.Group(), "1 with the method regression, whose pairs have a caption each")
	f.Want(r.Huber >= 0, "method.regression.huber", r.Huber, "≥ 0")
}

func (r Regression) method(s setup) Method {
	return &regression{terms: terms{adversary{s}, matching{s}}, paired: newPaired(r.Pairs, s.cfg.Adversarial > 0, s.base), Regression: r}
}

// regression is the method of Regression, with the adversarial loss and the discriminator of ADD (2311.17042 eq. 2 and 3):
//
//	L = L_adv^G + λ·E d(x̂_θ(ε, τ₁), ODE_ψ(ε | caption)), and the term of Matching
type regression struct {
	terms
	paired
	Regression
}

var _ Method = (*regression)(nil)

type regressionInputs[T any] struct {
	studentInputs[T]
	adversaryInputs[T]
	matchingInputs[T]
	Empty T // [1,L]: no caption, with guidance
}

// Losses implements Method.
func (m *regression) Losses() []string {
	if m.cfg.Adversarial == 0 {
		return append(regressor{}.Losses(), m.match.Losses()...)
	}
	return m.terms.Losses()
}

// Updates implements Method.
func (m *regression) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *regression) draw(b dataset.Batch, step, number int) regressionInputs[*tensors.Tensor] {
	n := m.cfg.Batch
	times := slices.Repeat([]float64{float64(m.cfg.Times[0]) / 1000}, n)
	in := regressionInputs[*tensors.Tensor]{
		studentInputs:   m.studentOn(m.pictures(b), m.samples(m.paired.noise(b)), step, number, times),
		adversaryInputs: m.adversary.draw(step, number, n), matchingInputs: m.match.draw(b, step, number, n),
	}
	if m.cfg.TeacherGuidance > 0 && m.match.on(step) {
		in.Empty = m.tokens("")
	}
	return in
}

func (m *regression) update(n networks, in regressionInputs[*Node], r1, alone bool) map[string]*Node {
	text := n.text(in.Caption)
	x0 := n.predict(in.studentInputs, text)
	losses, gradients := map[string]*Node{"pixel_var": pixelVariance(x0)}, []*Node(nil)
	if m.cfg.Adversarial > 0 {
		gradients = append(gradients, m.adversary.update(n, in.studentInputs, in.adversaryInputs, x0, text, r1, losses))
	}
	if alone {
		return losses
	}
	clean := Identity(StopGradient(x0))
	loss := m.distance(clean, in.Real, m.Huber)
	gradient := Gradient(MulScalar(loss, m.cfg.Lambda), clean)[0]
	losses["distill"], losses["distill_grad"] = loss, l2(gradient)
	gradients = append(gradients, gradient)
	if in.Pull != nil {
		gradients = append(gradients, m.match.update(n, in.matchingInputs, n.guidedTeacher(in.Empty), x0, text, losses))
	}
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, gradients...)
	return losses
}

// distance is the mean over the batch of d, the squared distance or the pseudo-Huber one, in Config.Reduction.
func (s setup) distance(x0, target *Node, huber float64) *Node {
	if huber > 0 {
		return MulScalar(pseudoHuber(x0, target, huber), float64(s.summed()))
	}
	return MulScalar(ReduceAllMean(Square(Sub(x0, StopGradient(target)))), float64(s.summed()))
}
