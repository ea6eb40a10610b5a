package distill

import (
	"fmt"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/train/optim"
)

// Consistency puts the loss of latent consistency distillation (Luo et al. 2310.04378, "LCM") in the place of ADD eq. 4, in pixels as
// everything here: the student must say the same at both ends of a step of the teacher's solver. It is what ADD is compared with.
//
// Four things differ from the paper. The guidance of the solver is Config.TeacherGuidance, one number, where LCM draws it and tells the
// student. No c_skip joins z to the prediction: the student is not asked at t = 0, where the target is z itself. And z at t = 1 is pure
// noise even where the schedule would leave some signal in it, for that is where student and solver begin when they draw. And the average,
// which is the target here and draws in the end, follows the warm-up of Config.EMA.
//
// With c = .001 the distance is nearly that of absolute values, whose gradient hardly falls as the two ends agree: in the built-in world
// λ = 1 pulls some four times as hard as λ = 2.5 does by eq. 4.
type Consistency struct {
	Grid  int     `json:"grid"`  // steps that the solver divides t into; 50 in LCM
	Huber float64 `json:"huber"` // c of the pseudo-Huber distance; .001 in LCM
}

func (c *Consistency) validate() error {
	switch {
	case c.Grid < 1:
		return fmt.Errorf("distill: consistency.grid = %d, want ≥ 1", c.Grid)
	case !(c.Huber > 0):
		return fmt.Errorf("distill: consistency.huber = %v, want > 0", c.Huber)
	}
	return nil
}

// times are points of the grid, uniform and stratified over a batch.
func (c *Consistency) times(r *rand.Rand, batch int) []float64 {
	t := make([]float64, batch)
	for i := range t {
		u := (float64(i) + r.Float64()) / float64(batch)
		t[i] = float64(1+int(u*float64(c.Grid))) / float64(c.Grid)
	}
	r.Shuffle(batch, func(i, j int) { t[i], t[j] = t[j], t[i] })
	return t
}

// consistencyGradient is the loss at x̂_θ(z_t,t) and the gradient of λ times it there. zt is [B,S,S,3]; t and u are the levels of a
// step's ends.
func (s *step) consistencyGradient(x0, zt *Node, t, u diffusion.Level, cond, null diffusion.Cond) (loss, gradient *Node) {
	teacher := s.nets.teacher()
	if s.cfg.TeacherGuidance > 0 {
		teacher = diffusion.Guide(teacher, Scalar(x0.Graph(), x0.DType(), s.cfg.TeacherGuidance), null)
	}
	clean := Identity(StopGradient(x0))
	target := consistencyTarget(teacher, s.nets.average(x0.Graph()), zt, t, u, cond)
	loss = MulScalar(pseudoHuber(clean, target, s.cfg.Consistency.Huber), float64(s.summed()))
	return loss, Gradient(MulScalar(loss, s.cfg.Lambda), clean)[0]
}

// consistencyTarget is what the student's average says at the lower end of a DDIM step (LCM eq. 13; DDIM eq. 12), and at t = 0 the point
// that the step has come to. No gradient passes.
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

// average is the student's moving average, begun as its copy.
func (n nets) average(g *Graph) diffusion.Denoiser {
	optim.Copies(g, optim.Variables(n.root.At(studentScope), g), "/"+studentScope, "/"+studentEMAScope)
	return diffusion.NetDenoiser(n.root.At(studentEMAScope), n.bundle.Backbone(n.cfg.Student()), n.bundle.Config.Prediction)
}
