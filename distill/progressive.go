package distill

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Progressive is progressive distillation (Salimans & Ho 2202.00512): one step of the student is two of its teacher, then the student is
// the teacher of a student of half as many steps. The first stage's teacher is guided, the further ones have the guidance in them (Meng et
// al. 2210.03142, for one guidance). All stages share the run's steps equally. A student draws by the form ode.
//
// It departs from the paper in three things: stages begin at few steps, the average runs on over the stages, and a stage's teacher is the
// student's last weights.
type Progressive struct {
	From int `json:"from"` // steps of the first stage's student
	To   int `json:"to"`   // of the last one's; each stage halves
}

// DefaultProgressive ends in one step.
var DefaultProgressive = registerMethod("progressive", Progressive{From: 8, To: 1}).(Progressive)

func (p Progressive) stages() (steps []int) {
	for n := p.From; n >= p.To && n >= 1; n /= 2 {
		steps = append(steps, n)
	}
	return steps
}

func (p Progressive) validate(f *check.Fields, c Config) {
	withoutDiscriminator(f, c)
	halves := p.To >= 1 && p.From >= p.To && p.From%p.To == 0 && p.From/p.To&(p.From/p.To-1) == 0
	f.Want(halves, "method.progressive.from, to", fmt.Sprint(p.From, ", ", p.To), "a number of steps and one that halving it leads to")
	f.Want(!halves || c.Steps >= len(p.stages()), "steps", c.Steps, "at least one for each stage of progressive")
	f.Want(len(c.Times) == p.To, "times", c.Times, fmt.Sprintf("%d with the method progressive, where its last stage begins steps", p.To))
	for i, t := range c.Times {
		f.Want(p.To < 1 || t == 1000-1000*i/max(1, p.To), "times", c.Times, "even ones from 1000 with the method progressive")
	}
	f.Want(c.StudentNet == "" || c.StudentNet == c.TeacherNet, "student_net", c.StudentNet, "the teacher's with the method progressive, which puts one in the other's place")
}

// form adds no noise: the student learns where paths end.
func (Progressive) form() diffusion.Form { return diffusion.ODE }

// teacherCopies is the teacher of the stage.
func (Progressive) teacherCopies() int { return 1 }

// readsWeights: the student's become the teacher of the next stage.
func (Progressive) readsWeights() {}

func (p Progressive) method(s setup) Method { return &progressive{regressor{s}, p} }

// progressive is the method of Progressive. With N steps of the student, at t = i/N:
//
//	z_t = α_t·x₀ + σ_t·ε,  t′ = t − .5/N,  t″ = t − 1/N
//	z_t′, z_t″ = two DDIM steps of the teacher
//	x̃ = (z_t″ − (σ_t″/σ_t)·z_t)/(α_t″ − (σ_t″/σ_t)·α_t),  from which one DDIM step ends at z_t″     (2202.00512, algorithm 2)
//	L = λ·E max(α_t²/σ_t², 1)·‖x̂_θ(z_t, t) − x̃‖²                                                  (its "truncated SNR")
type progressive struct {
	regressor
	Progressive
}

var _ Method = (*progressive)(nil)

// stageScope is the teacher of the stage.
const stageScope = "stage_teacher"

type progressiveInputs[T any] struct {
	studentInputs[T]
	Middle, Lower T // [B,3]: levels of t′ and t″
	Weight        T // [B]
	Begins        T // 1 in the first step of a further stage, else 0
	Empty         T // [1,L]: no caption, in the first stage with guidance
}

// Init implements Method: the first stage's teacher is a copy of the frozen one.
func (m *progressive) Init(store *model.Store) error {
	if err := duplicate(store, stageScope); err != nil {
		return err
	}
	for v := range store.Scope("/" + stageScope).IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}

// stage is that of a step, its first step and the one after its last.
func (m *progressive) stage(step int) (stage, begin, end int) {
	n := len(m.stages())
	stage = (step - 1) * n / m.cfg.Steps
	first := func(stage int) int { return 1 + int(math.Ceil(float64(stage*m.cfg.Steps)/float64(n))) }
	return stage, first(stage), first(stage + 1)
}

// Updates implements Method.
func (m *progressive) Updates(step int) []Update {
	stage, _, _ := m.stage(step)
	return once(fmt.Sprintf("guided %t", stage == 0), step, m.draw, m.update)
}

func (m *progressive) draw(b dataset.Batch, step, number int) progressiveInputs[*tensors.Tensor] {
	stage, begin, end := m.stage(step)
	n := float64(m.stages()[stage])
	count := m.cfg.Batch
	upper, middle, lower, weight := make([]float64, count), make([]float64, count), make([]float64, count), make([]float32, count)
	for i, u := range stratified(m.random("t", number), count) {
		k := 1 + math.Floor(u*n)
		upper[i], middle[i], lower[i] = k/n, (k-.5)/n, (k-1)/n
		alpha, sigma := m.schedule.AlphaSigma(upper[i])
		weight[i] = float32(max(1, alpha*alpha/(sigma*sigma)))
	}
	in := progressiveInputs[*tensors.Tensor]{studentInputs: m.drawStudent(b, step, number, upper), Middle: m.levels(middle), Lower: m.levels(lower), Weight: train.F32(weight, count)}
	// The rate warms up and decays anew in every stage, the optimiser's corrections are those of the whole run.
	rate := m.cfg.StudentRate
	rate.Warmup = min(rate.Warmup, (end-begin)/4)
	in.StudentRate = coefficients(studentAdamW(m.cfg), rate.At(step-begin+1, end-begin), m.call(step, number))
	in.Begins = tensors.FromScalar(float32(0))
	if stage > 0 && step == begin {
		in.Begins = tensors.FromScalar(float32(1))
	}
	if stage == 0 && m.cfg.TeacherGuidance > 0 {
		in.Empty = m.tokens("")
	}
	return in
}

// update moves the student. Where a stage begins, the student's weights become the teacher first.
func (m *progressive) update(root *model.Scope, in progressiveInputs[*Node]) map[string]*Node {
	n := networks{setup: m.setup, root: root}
	text, t := n.text(in.Caption), diffusion.LevelFrom(in.Level)
	zt := diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start))
	x0 := n.student()(zt, t, text)
	g := x0.Graph()
	students := optim.Variables(root.At(studentScope), g)
	for i, v := range optim.Copies(g, students, "/"+studentScope, "/"+stageScope) {
		v.SetNodeValue(Add(Mul(in.Begins, students[i].NodeValue(g)), Mul(OneMinus(in.Begins), v.NodeValue(g))))
	}
	teacher := n.denoiser(stageScope, m.cfg.Teacher())
	if in.Empty != nil {
		teacher = diffusion.Guide(teacher, m.cfg.TeacherGuidance, n.text(in.Empty))
	}
	target := twoSteps(teacher, zt, t, diffusion.LevelFrom(in.Middle), diffusion.LevelFrom(in.Lower), text)
	return regress(n, in.studentInputs, x0, func(x0 *Node) *Node { return DistillLoss(x0, target, in.Weight, m.summed()) })
}

// twoSteps is x̃ of two DDIM steps from t by middle to lower. No gradient passes.
func twoSteps(teacher diffusion.Denoiser, zt *Node, t, middle, lower diffusion.Level, text diffusion.Cond) *Node {
	step := func(z *Node, from, to diffusion.Level) *Node {
		clean := teacher(z, from, text)
		return diffusion.Diffuse(clean, diffusion.EpsFromX0(z, clean, from), to)
	}
	end := step(step(zt, t, middle), middle, lower)
	at, below := t.Like(zt), lower.Like(zt)
	ratio := Div(below.Sigma, at.Sigma)
	return StopGradient(Div(Sub(end, Mul(ratio, zt)), Sub(below.Alpha, Mul(ratio, at.Alpha))))
}
