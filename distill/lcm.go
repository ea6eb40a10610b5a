package distill

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
)

// Consistency makes the method latent consistency distillation (Luo et al. 2310.04378, "LCM"), in pixels as everything here: the student
// must predict the same at both ends of a step of the teacher's solver. With Config.Adversarial it has ADD's discriminator as well, with
// Config.Matching distribution matching. Where Config.Pure > 0 (SANA-Sprint, 2503.09641) both look at so many pictures of
// a batch alone, which from Config.PureFrom on are drawn from pure noise, as in sampling.
//
// It departs from the paper in four things. The solver's guidance is one number, Config.TeacherGuidance; LCM draws it and tells the
// student. There is no c_skip: the student is never asked at t = 0, where the target is z itself. z at t = 1 is pure noise whatever the
// schedule leaves there, as in sampling. The average, which is the target here, warms up as Config.EMA says.
//
// With c = .001 the distance is nearly that of absolute values, whose gradient hardly falls as the two ends agree: in the built-in world
// the gradient at λ = 1 is some four times that of eq. 4 at λ = 2.5.
type Consistency struct {
	Grid  int     `json:"grid"`  // steps that the solver divides t into; 50 in LCM
	Huber float64 `json:"huber"` // c of the pseudo-Huber distance; .001 in LCM
}

// lcm is the method of Consistency:
//
//	z_t = α_t·x₀ + σ_t·ε,  t uniform on the solver's grid
//	z_u = one guided DDIM step of the teacher from z_t to the grid's next point u < t
//	L   = E d(x̂_θ(z_t, t), x̂_average(z_u, u))                                    (LCM eq. 13)
type lcm struct{ terms }

var _ Method = (*lcm)(nil)

// lcmInputs are the inputs of a step. Those that a config does not use are nil.
type lcmInputs[T any] struct {
	studentInputs[T]
	adversaryInputs[T]
	matchingInputs[T]
	Lower T // [B,3]: level of u
	Empty T // [1,L]: no caption
}

// Updates implements Method.
func (m *lcm) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *lcm) draw(b dataset.Batch, step, number int) lcmInputs[*tensors.Tensor] {
	upper, lower, grid := make([]float64, m.cfg.Batch), make([]float64, m.cfg.Batch), m.cfg.Consistency.Grid
	for i := range upper {
		upper[i] = 1
	}
	group := m.cfg.Discriminator.Group() // pictures of one caption have one time
	for i, u := range stratified(m.random("s", number), (m.cfg.Batch-m.cfg.pureAt(step))/group) {
		for k := range group {
			upper[i*group+k] = float64(1+int(u*float64(grid))) / float64(grid)
		}
	}
	for i, t := range upper {
		lower[i] = max(0, t-1/float64(grid))
	}
	in := lcmInputs[*tensors.Tensor]{
		studentInputs: m.drawStudent(b, step, number, upper), adversaryInputs: m.adversary.draw(step, number, m.judged().count), matchingInputs: m.match.draw(b, step, number, m.judged().count),
	}
	in.Lower = m.levels(lower)
	if m.cfg.TeacherGuidance > 0 {
		in.Empty = m.tokens("")
	}
	return in
}

func (m *lcm) update(n networks, in lcmInputs[*Node], r1, alone bool) map[string]*Node {
	text, t, u := n.text(in.Caption), diffusion.LevelFrom(in.Level), diffusion.LevelFrom(in.Lower)

	zt := diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start))
	x0 := n.student()(zt, t, text)
	losses := map[string]*Node{"pixel_var": pixelVariance(x0)}

	// What discriminator and fake score look at.
	rows := m.judged()
	drawn, seen, told := rows.of(x0), in.studentInputs, text.Map(rows.of)
	seen.Real, seen.Start, seen.Level = rows.of(seen.Real), rows.of(seen.Start), rows.of(seen.Level)
	if seen.Picture != nil {
		seen.Picture = rows.of(seen.Picture)
	}

	var gradients []*Node // at x0
	if m.cfg.Adversarial > 0 {
		gradients = append(gradients, rows.padded(m.adversary.update(n, seen, in.adversaryInputs, drawn, told, r1, losses)))
	}
	if alone {
		return losses
	}
	if in.Pull != nil {
		gradients = append(gradients, rows.padded(m.match.update(n, in.matchingInputs, n.guidedTeacher(in.Empty), drawn, told, losses)))
	}
	clean := Identity(StopGradient(x0))
	target := consistencyTarget(n.guidedTeacher(in.Empty), n.average(x0.Graph()), zt, t, u, text)
	loss := MulScalar(pseudoHuber(clean, target, m.cfg.Consistency.Huber), float64(m.summed()))
	gradient := Gradient(MulScalar(loss, m.cfg.Lambda), clean)[0]
	losses["distill"], losses["distill_grad"] = loss, l2(gradient)

	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, append(gradients, gradient)...)
	return losses
}

// judged are the pictures of a batch that discriminator and fake score look at.
func (m *lcm) judged() lastRows { return lastRows{m.cfg.Batch, cmp.Or(m.cfg.Pure, m.cfg.Batch)} }

// consistencyTarget is what the student's average predicts at the lower end of a DDIM step (LCM eq. 13; DDIM eq. 12), and at t = 0 the
// point that the step has come to. No gradient passes.
func consistencyTarget(teacher, average diffusion.Denoiser, zt *Node, t, u diffusion.Level, cond diffusion.Cond) *Node {
	clean := teacher(zt, t, cond)
	zu := diffusion.Diffuse(clean, diffusion.EpsFromX0(zt, clean, t), u)
	inside := Sign(u.Like(zt).T) // 0 at t = 0, else 1
	return StopGradient(Add(Mul(inside, average(zu, u, cond)), Mul(OneMinus(inside), zu)))
}

// pseudoHuber is the mean of √((a−b)²+c²) − c over all values (Song & Dhariwal 2310.14189, as LCM's program takes it).
func pseudoHuber(a, b *Node, c float64) *Node {
	d := Sub(a, StopGradient(b))
	return ReduceAllMean(AddScalar(Sqrt(AddScalar(Mul(d, d), c*c)), -c))
}
