package distill

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
)

// SCM is consistency distillation in continuous time (sCD, Lu & Song 2410.11081): the student's answer must not change along the teacher's
// ODE. The derivative along it is a central difference, not a Jacobian-vector product.
//
// The tangent holds the derivative by t, so a student that reads fast waves of the time diverges. The authors train networks that read t
// itself, in waves of at most one radian. Here the network is the teacher's, and the student loses what it makes of faster waves.
//
// It departs from the paper in three things. The noise has unit variance, where theirs has the data's. The weight over times is even:
// theirs is learned, and a normalised tangent has nearly the same size at all of them. Below Anchor the student answers as the teacher:
// what is constant along the ODE satisfies the rest of the objective, and f(x, 0) = x excludes that only where F stays bounded.
type SCM struct {
	Mean   float64 `json:"mean"` // of ln(σ/α), normal
	SD     float64 `json:"sd"`
	Delta  float64 `json:"delta"`  // half of the difference, in t
	Warmup float64 `json:"warmup"` // share of the steps over which the tangent's second term grows to its full size
	Anchor float64 `json:"anchor"` // t below which that term is left out
	Turns  float64 `json:"turns"`  // waves of the time that turn more often than this between t = 0 and 1 are kept from the student
	Normal float64 `json:"normal"` // c of the normalised tangent g/(‖g‖ + c)
}

// DefaultSCM has the paper's c and times. Around a higher noise too few lie below Anchor: an even colour, which the rest of the objective
// does not see, is then added by every step of sampling.
var DefaultSCM = registerMethod("scm", SCM{Mean: -1, SD: 1.4, Delta: .005, Warmup: .25, Anchor: .05, Turns: 1, Normal: .1}).(SCM)

func (s SCM) validate(f *check.Fields, c Config) {
	withoutDiscriminator(f, c)
	f.Want(s.SD > 0, "method.scm.sd", s.SD, "> 0")
	f.Want(s.Delta > 0 && s.Delta < .1, "method.scm.delta", s.Delta, "within 0 … 0.1")
	f.Want(s.Warmup >= 0 && s.Warmup <= 1, "method.scm.warmup", s.Warmup, "0 … 1")
	f.Want(s.Anchor >= 0 && s.Anchor < 1, "method.scm.anchor", s.Anchor, "within 0 … 1")
	f.Want(s.Turns > 0, "method.scm.turns", s.Turns, "> 0")
	f.Want(s.Normal > 0, "method.scm.normal", s.Normal, "> 0")
	f.Want(c.Times[0] == 1000, "times", c.Times, "1000 first with the method scm")
}

// readsWeights: slow sets some to 0.
func (SCM) readsWeights() {}

func (s SCM) method(of setup) Method { return &scm{regressor{of}, s} }

// scm is the method of SCM. With the angle τ, α = cos τ and σ = sin τ, a student that predicts x̂ predicts F = (α·x − x̂)/σ, which is v.
// Along the teacher's ODE x moves by ẋ = (α·x − x̂_ψ)/σ, and
//
//	g = cos τ · dx̂_θ/dτ = −cos²τ·(F − ẋ) − r·cos τ·sin τ·(x + dF/dτ),  r from 0 to 1 in the warm-up, 0 below Anchor
//	L = λ·E ‖F_θ − sg(F_θ + g/(‖g‖ + c))‖²
//
// where ‖g‖ is the root mean square over the picture. At t = 1 itself g is 0: the student gets there by continuity.
type scm struct {
	regressor
	SCM
}

var _ Method = (*scm)(nil)

type scmInputs[T any] struct {
	studentInputs[T]
	Above, Below T // [B,3]: levels at t ± delta
	Up, Down     T // [B]: angles to them, > 0 and < 0
	Weight       T // [B]: 1/σ²
	Warm         T // [B]: r
	Empty        T // [1,L]: no caption, with guidance
}

// Init implements Method.
func (m *scm) Init(store *model.Store) error {
	if _, _, err := m.base.Backbone(m.cfg.Student()).TimeWaves(); err != nil {
		return fmt.Errorf("distill: the method scm keeps fast waves of the time from its student: %w", err)
	}
	return m.regressor.Init(store)
}

// Updates implements Method.
func (m *scm) Updates(step int) []Update { return once("scm", step, m.draw, m.update) }

func (m *scm) draw(b dataset.Batch, step, number int) scmInputs[*tensors.Tensor] {
	n := m.cfg.Batch
	times, above, below := make([]float64, n), make([]float64, n), make([]float64, n)
	up, down, weight, warm := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	noise := distuv.Normal{Mu: m.Mean, Sigma: m.SD}
	for i, u := range stratified(m.random("t", number), n) {
		times[i] = min(max(diffusion.TimeOfLogSNR(m.schedule, -noise.Quantile(u)), 2*m.Delta), 1-2*m.Delta)
		above[i], below[i] = times[i]+m.Delta, times[i]-m.Delta
		if times[i] >= m.Anchor {
			warm[i] = float32(math.Min(1, float64(step)/max(1, m.Warmup*float64(m.cfg.Steps))))
		}
		_, sigma := m.schedule.AlphaSigma(times[i])
		up[i], down[i], weight[i] = float32(m.angle(above[i])-m.angle(times[i])), float32(m.angle(below[i])-m.angle(times[i])), float32(1/(sigma*sigma))
	}
	in := scmInputs[*tensors.Tensor]{
		studentInputs: m.drawStudent(b, step, number, times), Above: m.levels(above), Below: m.levels(below),
		Up: train.F32(up, n), Down: train.F32(down, n), Weight: train.F32(weight, n),
		Warm: train.F32(warm, n),
	}
	if m.cfg.TeacherGuidance > 0 {
		in.Empty = m.tokens("")
	}
	return in
}

// angle is τ of a time.
func (m *scm) angle(t float64) float64 {
	alpha, sigma := m.schedule.AlphaSigma(t)
	return math.Atan2(sigma, alpha)
}

func (m *scm) update(root *model.Scope, in scmInputs[*Node]) map[string]*Node {
	n := networks{setup: m.setup, root: root}
	return m.learn(n, in, n.guidedTeacher(in.Empty))
}

// learn moves the student along the ODE of a teacher.
func (m *scm) learn(n networks, in scmInputs[*Node], teacher diffusion.Denoiser) map[string]*Node {
	text, t := n.text(in.Caption), diffusion.LevelFrom(in.Level)
	xt := diffusion.Diffuse(in.Real, in.Noise, t)
	m.slow(xt.Graph(), studentScope)
	x0 := n.student()(xt, t, text)
	g := tangent(n.student(), teacher, xt, StopGradient(x0), t, diffusion.LevelFrom(in.Above), diffusion.LevelFrom(in.Below), in.Up, in.Down, text, in.Warm)
	size := Sqrt(ReduceAndKeep(Square(g), ReduceMean, 1, 2, 3)) // [B,1,1,1]
	g = Div(g, AddScalar(size, m.Normal))

	// F_θ − F − g is −(x̂_θ − x̂ + σ·g)/σ.
	target := Sub(x0, Mul(t.Like(g).Sigma, g))
	losses := regress(n, in.studentInputs, x0, func(x0 *Node) *Node { return DistillLoss(x0, target, in.Weight, m.summed()) })
	m.slow(x0.Graph(), studentScope, studentEMAScope)
	return losses
}

// slow sets the weights of waves of the time that are faster than Turns to 0.
func (m *scm) slow(g *Graph, scopes ...string) {
	layer, frequencies, _ := m.base.Backbone(m.cfg.Student()).TimeWaves() // Init has seen the error
	if layer == "" {                                                      // it has no fast ones
		return
	}
	kept := make([]float32, len(frequencies))
	for i, f := range frequencies {
		if 1000*float64(f) <= 2*math.Pi*m.Turns {
			kept[i] = 1
		}
	}
	mask := InsertAxes(Const(g, append(kept, kept...)), 0) // [1,waves], cosines and sines
	for _, scope := range scopes {
		v := model.GetStore(g).GetVariable("/" + scope + "/" + layer + "/weight")
		v.SetNodeValue(Mul(v.NodeValue(g), mask))
	}
}

// velocity is v of a prediction of x₀.
func velocity(x, x0 *Node, level diffusion.Level) *Node {
	l := level.Like(x)
	return Div(Sub(Mul(l.Alpha, x), x0), l.Sigma)
}

// tangent is g at xt, where the student says x0; up and down [B] are the angles from t to above and below,
// warm [B] is r. No gradient passes.
func tangent(student, teacher diffusion.Denoiser, xt, x0 *Node, t, above, below diffusion.Level, up, down *Node, text diffusion.Cond, warm *Node) *Node {
	l, flow := t.Like(xt), velocity(xt, teacher(xt, t, text), t)
	up, down = InsertAxes(up, -1, -1, -1), InsertAxes(down, -1, -1, -1)
	xUp, xDown := Add(xt, Mul(up, flow)), Add(xt, Mul(down, flow))
	b := xt.Shape().Dim(0)
	both := student(Concatenate([]*Node{xUp, xDown}, 0), diffusion.ConcatLevels(above, below), diffusion.ConcatConds(text, text))
	fUp, fDown := velocity(xUp, Slice(both, AxisRange(0, b)), above), velocity(xDown, Slice(both, AxisRange(b, 2*b)), below)
	change := Div(Sub(fUp, fDown), Sub(up, down)) // dF/dτ
	first := Mul(Square(l.Alpha), Sub(velocity(xt, x0, t), flow))
	second := Mul(Mul(l.Alpha, l.Sigma), Add(xt, change))
	return StopGradient(Neg(Add(first, Mul(InsertAxes(warm, -1, -1, -1), second))))
}
