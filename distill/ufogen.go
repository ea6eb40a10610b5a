package distill

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
)

// UFOGen is a diffusion GAN (Xu et al. 2311.09257): the discriminator sees real and predicted pictures that are diffused anew to the next
// lower time of the student, and is told that level where it sees through a teacher (Config.FeaturesNet). The real picture takes the place
// of a teacher's target.
type UFOGen struct {
	MaxSNR float64 `json:"max_snr"` // bound of the weight of the reconstruction
}

// DefaultUFOGen bounds the weight as Matching bounds that of its fake score.
var DefaultUFOGen = registerMethod("ufogen", UFOGen{MaxSNR: 5}).(UFOGen)

func (u UFOGen) validate(f *check.Fields, c Config) {
	f.Want(c.Adversarial > 0, "adversarial", c.Adversarial, "> 0 with the method ufogen")
	f.Want(c.Matching == nil, "matching", c.Matching, "none beside the method ufogen")
	f.Want(c.Discriminator.Renoise == nil, "discriminator.renoise", c.Discriminator.Renoise, "none with the method ufogen, which says the level itself")
	f.Want(!c.Discriminator.Image, "discriminator.image", c.Discriminator.Image, "false with the method ufogen")
	f.Want(c.Discriminator.Group() == 1, "discriminator.per_caption", c.Discriminator.Group(), "1 with the method ufogen")
	f.Want(u.MaxSNR > 0, "method.ufogen.max_snr", u.MaxSNR, "> 0")
}

// diffuses: to the next lower time.
func (UFOGen) diffuses() {}

func (u UFOGen) method(s setup) Method { return &ufogen{terms{adversary{s}, matching{s}}, u} }

// ufogen is the method of UFOGen:
//
//	x̂_θ = student(x_s, s),  s of T_student,  u the next lower time, 0 below the last
//	student        L = −E Σ_k D_k(α_u·x̂_θ + σ_u·ε′, u) + λ·E w(s)·‖x̂_θ − x₀‖²
//	discriminator  hinge on α_u·x₀ + σ_u·ε″ and α_u·x̂_θ + σ_u·ε′
//
// w is α_s²/σ_s², as the loss of noise prediction has it in the authors' program: at pure noise, where the nearest picture is a mean, it
// is 0. The hinge and R1 are those of ADD.
type ufogen struct {
	terms
	UFOGen
}

var _ Method = (*ufogen)(nil)

type ufogenInputs[T any] struct {
	studentInputs[T]
	adversaryInputs[T]
	Weight T // [B]: w(s)
}

// Updates implements Method.
func (m *ufogen) Updates(step int) []Update { return updates(m.terms, step, m.draw, m.update) }

func (m *ufogen) draw(b dataset.Batch, step, number int) ufogenInputs[*tensors.Tensor] {
	n, taus := m.cfg.Batch, append(slices.Clone(m.cfg.Times), 0)
	times, below, weight := make([]float64, n), make([]float64, n), make([]float32, n)
	offset := m.random("s", number).IntN(len(taus) - 1)
	for i := range times {
		k := (i + offset) % (len(taus) - 1)
		times[i], below[i] = float64(taus[k])/1000, float64(taus[k+1])/1000
		if alpha, sigma := m.schedule.AlphaSigma(times[i]); k > 0 { // the first begins at pure noise, whatever the schedule leaves there
			weight[i] = float32(min(m.MaxSNR, alpha*alpha/(sigma*sigma)))
		}
	}
	in := ufogenInputs[*tensors.Tensor]{studentInputs: m.drawStudent(b, step, number, times), adversaryInputs: m.adversary.draw(step, number, n)}
	in.RealNoise = m.noise("real-renoise", number)
	in.FakeNoise = m.noise("fake-renoise", number)
	in.RealAt, in.FakeAt, in.Weight = m.levels(below), m.levels(below), train.F32(weight, n)
	return in
}

func (m *ufogen) update(n networks, in ufogenInputs[*Node], r1, alone bool) map[string]*Node {
	text := n.text(in.Caption)
	x0 := n.predict(in.studentInputs, text)
	losses := map[string]*Node{"pixel_var": pixelVariance(x0)}
	gradients := []*Node{m.adversary.update(n, in.studentInputs, in.adversaryInputs, x0, text, r1, losses)}
	if alone {
		return losses
	}
	if m.cfg.Lambda > 0 {
		clean := Identity(StopGradient(x0))
		loss := DistillLoss(clean, in.Real, in.Weight, m.summed())
		gradient := Gradient(MulScalar(loss, m.cfg.Lambda), clean)[0]
		losses["distill"], losses["distill_grad"] = loss, l2(gradient)
		gradients = append(gradients, gradient)
	}
	losses["student_grad"] = moveStudent(n, x0, in.studentInputs, gradients...)
	return losses
}
