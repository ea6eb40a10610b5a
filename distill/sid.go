package distill

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
)

// SiD is score identity distillation (Zhou et al. 2404.04057): the student descends an estimate of the Fisher divergence, whose gradient
// passes through both scores. Config.Matching says weight, fake score and range of t; with Config.Adversarial there is ADD's discriminator
// beside it (SiDA has one of its own).
type SiD struct {
	Alpha float64 `json:"alpha"` // share of ‖μ_real − μ_fake‖² that is taken off
}

// DefaultSiD has an α that its authors use beside 1.2.
var DefaultSiD = registerMethod("sid", SiD{Alpha: 1}).(SiD)

func (s SiD) validate(f *check.Fields, c Config) {
	f.Want(c.Matching != nil && c.Matching.From == 1, "matching", c.Matching, "set, from step 1, with the method sid")
	f.Want(c.Lambda == 0, "lambda", c.Lambda, "0 with the method sid, whose weight is matching.weight")
	f.Want(s.Alpha >= 0.5, "method.sid.alpha", s.Alpha, "≥ 0.5")
}

func (s SiD) method(of setup) Method { return &sid{add{terms{adversary{of}, matching{of}}}, s} }

// sid is the method of SiD. With x_t = α_t·x̂ + σ_t·ε′ of the student's x̂, both networks fixed:
//
//	L = weight·E ⟨μ_real − μ_fake, (μ_real − x̂) − α·(μ_real − μ_fake)⟩ / sg mean|x̂ − μ_real|,  μ = μ(x_t, t)
//
// as the authors' program has it, where fake score and student move once a step each. The fake score learns as in Matching.
type sid struct {
	add
	SiD
}

var _ Method = (*sid)(nil)

// Updates implements Method.
func (m *sid) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *sid) update(n networks, in addInputs[*Node], r1, alone bool) map[string]*Node {
	text := n.text(in.Caption)
	x0 := n.predict(in.studentInputs, text)
	losses := map[string]*Node{"pixel_var": pixelVariance(x0)}
	var gradients []*Node
	if m.cfg.Adversarial > 0 {
		gradients = append(gradients, m.adversary.update(n, in.studentInputs, in.adversaryInputs, x0, text, r1, losses))
	}
	if alone {
		return losses
	}
	clean := Identity(StopGradient(x0))
	loss := scoreIdentity(clean, in.PullNoise, diffusion.LevelFrom(in.PullLevel), n.fakeScore(), n.guidedTeacher(in.Empty), text, m.Alpha)
	gradient := Gradient(Mul(MulScalar(loss, float64(m.summed())), in.Pull), clean)[0]
	losses["match_grad"] = l2(gradient)
	m.match.fit(n, in.matchingInputs, StopGradient(x0), text, losses)
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, append(gradients, gradient)...)
	return losses
}

// scoreIdentity is SiD's loss at x0 = x̂, a mean over pixels, before its weight. Its gradient passes both scores and x0.
func scoreIdentity(x0, noise *Node, level diffusion.Level, fake, real diffusion.Denoiser, text diffusion.Cond, alpha float64) *Node {
	xt := diffusion.Diffuse(x0, noise, level)
	taught := real(xt, level, text)
	difference := Sub(taught, fake(xt, level, text))
	scale := AddScalar(ReduceAndKeep(Abs(StopGradient(Sub(x0, taught))), ReduceMean, 1, 2, 3), 1e-3) // never 0
	return ReduceAllMean(Div(Mul(difference, Sub(Sub(taught, x0), MulScalar(difference, alpha))), scale))
}
