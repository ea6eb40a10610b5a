package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
)

// Reflow is rectified flow on the teacher's pairs, then regression on them (InstaFlow, Liu et al. 2309.06380; Liu et al. 2209.03003).
//
// A rectified flow moves along z_r = (1−r)·x₀ + r·ε. With x_t = α x₀ + σ ε that is x_t/(α+σ) at r = σ/(α+σ), and DDIM's step from x_t is
// Euler's step from z_r: the paths are straight in this schedule as well, and a student draws by the form ode.
type Reflow struct {
	Pairs   Pairs   `json:"pairs"`
	Regress float64 `json:"regress"` // share of the steps, the last ones, that see pure noise alone: InstaFlow's distillation. 0 for a student of several steps
	Bound   float64 `json:"bound"`   // of the weight 1/σ²
}

// DefaultReflow spends half of the steps on each, and bounds the weight as the teacher's training does: on a network that predicts x₀,
// where rectified flow predicts v, three quarters of it would lie at t < .08.
var DefaultReflow = registerMethod("reflow", Reflow{Pairs: DefaultPairs, Regress: .5, Bound: 5}).(Reflow)

func (r Reflow) teacherPairs() Pairs { return r.Pairs }

func (r Reflow) validate(f *check.Fields, c Config) {
	withoutDiscriminator(f, c)
	r.Pairs.validate(f)
	f.Want(r.Regress >= 0 && r.Regress <= 1, "method.reflow.regress", r.Regress, "0 … 1")
	f.Want(r.Bound >= 1, "method.reflow.bound", r.Bound, "≥ 1")
}

// form adds no noise: the student learns straight paths.
func (Reflow) form() diffusion.Form { return diffusion.ODE }

func (r Reflow) method(s setup) Method {
	return &reflow{regressor{s}, newPaired(r.Pairs, false, s.base), r}
}

// reflow is the method of Reflow. A velocity v̂ and x̂₀ say the same of z_r: v − v̂ = (x̂₀ − x₀)/r. In the cosine schedule
// dr/r² = (π/2)·dt/σ², so that the loss of rectified flow over even r (2209.03003 eq. 1) is, but for π/2 and the bound, the one here:
//
//	L = λ·E min(Bound, 1/σ_t²)·‖x̂_θ(x_t, t) − x₀‖²,  x_t = α_t·x₀ + σ_t·ε,  t uniform, or 1 in the regression
//
// with (ε, x₀) of one pair. Between t = 0 and reflowMin it is not asked.
type reflow struct {
	regressor
	paired
	Reflow
}

const reflowMin = .02

var _ Method = (*reflow)(nil)

type reflowInputs[T any] struct {
	studentInputs[T]
	Weight T // [B]
}

// Updates implements Method.
func (m *reflow) Updates(step int) []Update { return once("reflow", step, m.draw, m.update) }

func (m *reflow) draw(b dataset.Batch, step, number int) reflowInputs[*tensors.Tensor] {
	first, regressing := float64(m.cfg.Times[0])/1000, float64(step) > (1-m.Regress)*float64(m.cfg.Steps)
	times, weight := make([]float64, m.cfg.Batch), make([]float32, m.cfg.Batch)
	for i, u := range stratified(m.random("t", number), m.cfg.Batch) {
		times[i] = reflowMin + u*(first-reflowMin)
		if regressing {
			times[i] = first
		}
		_, sigma := m.schedule.AlphaSigma(times[i])
		weight[i] = float32(min(m.Bound, 1/(sigma*sigma)))
	}
	return reflowInputs[*tensors.Tensor]{m.studentOn(m.pictures(b), m.samples(m.paired.noise(b)), step, number, times), train.F32(weight, m.cfg.Batch)}
}

func (m *reflow) update(root *model.Scope, in reflowInputs[*Node]) map[string]*Node {
	n := networks{setup: m.setup, root: root}
	x0 := n.predict(in.studentInputs, n.text(in.Caption))
	return regress(n, in.studentInputs, x0, func(x0 *Node) *Node { return DistillLoss(x0, in.Real, in.Weight, m.summed()) })
}
