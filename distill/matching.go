package distill

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Matching adds distribution matching (Yin et al., DMD 2311.18828 and DMD2 2405.14867) to a method: the difference of two scores moves the
// student, that of its own pictures and the teacher's. Unlike eq. 4 of ADD it has an entropy term, so that choices are not given up.
// The teacher is guided as Config.TeacherGuidance says.
//
// It departs from DMD2 in two things: the fake score moves once a step, not five times, and there is no discriminator in it.
type Matching struct {
	Weight float64 `json:"weight"`
	// PureOnly shows both scores pictures from pure noise alone. One fake score of all times sees a mixture: an excess at one time is then
	// offset by a lack at another.
	PureOnly bool       `json:"pure_only,omitempty"`
	From     int        `json:"from"` // step at which the fake score begins to learn
	Ramp     int        `json:"ramp"` // steps over which Weight is then reached
	Min      int        `json:"min"`  // range of t in timesteps, uniform
	Max      int        `json:"max"`
	Rate     optim.Rate `json:"rate"` // of the fake score, over its own steps
}

func (m *Matching) validate() error {
	if m == nil {
		return nil
	}
	f := check.Fields{Of: "distill"}
	f.Want(m.Weight > 0, "matching.weight", m.Weight, "> 0")
	f.Want(m.From >= 1 && m.Ramp >= 0, "matching.from, ramp", fmt.Sprint(m.From, ", ", m.Ramp), "≥ 1 and ≥ 0")
	f.Want(0 <= m.Min && m.Min < m.Max && m.Max < 1000, "matching.min, max", fmt.Sprint(m.Min, ", ", m.Max), "0 ≤ min < max < 1000")
	wantRate(&f, "matching.rate", m.Rate)
	return f.Err
}

// matching is the term of Matching, at pictures x̂ that were drawn from noise:
//
//	∇_x̂ = weight · (μ_fake(x̂_t) − μ_real(x̂_t)) / mean|x̂ − μ_real(x̂_t)|        (DMD eq. 7 with the weight of eq. 8)
//	μ_fake moves against E w(t)·‖μ_fake(x̂_t) − x̂‖²,  w = min(5, 1 + α²/σ²)       (DMD eq. 6)
//
// μ is a prediction of x₀. P pictures, S side.
type matching struct{ setup }

// matchingInputs are the inputs of the term, nil where it is not taken.
type matchingInputs[T any] struct {
	PullNoise, PullLevel T // [P,S,S,3], [P,3]: of the pictures that both scores see
	FitNoise, FitLevel   T // the same of those that the fake score learns from
	FitWeight            T // [P]: w(t)
	Pull                 T // weight
	FakeRate             T // the optimiser's coefficients
}

// fitMin and fitMax bound the t at which the fake score learns, in timesteps; fitWeight bounds its loss where σ is small.
const fitMin, fitMax, fitWeight = 20, 980, 5

// on reports whether a step has the term.
func (m matching) on(step int) bool { return m.cfg.Matching != nil && step >= m.cfg.Matching.From }

// Init creates the fake score, a copy of the teacher.
func (m matching) Init(store *model.Store) error {
	if m.cfg.Matching == nil {
		return nil
	}
	return duplicate(store, fakeScope)
}

// Losses names what update adds.
func (m matching) Losses() []string {
	if m.cfg.Matching == nil {
		return nil
	}
	return []string{"match_grad", "fake_score"}
}

func (m matching) adam() optim.AdamW {
	return optim.AdamW{Name: fakeScope, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: 10, Passes: m.cfg.Accumulate}
}

func (m matching) optimiser() optim.Optimizer {
	adam := m.adam()
	if m.cfg.Muon {
		return optim.Muon{AdamW: adam, Kept: m.base.Backbone(m.cfg.Teacher()).Outer()}
	}
	return adam
}

// draw makes the inputs of a step for so many pictures.
func (m matching) draw(b dataset.Batch, step, number, pictures int) (in matchingInputs[*tensors.Tensor]) {
	if !m.on(step) {
		return in
	}
	cfg, own := m.cfg.Matching, step-m.cfg.Matching.From+1
	times := func(purpose string, low, high int) (t []float64) {
		for _, u := range stratified(m.random(purpose, number), pictures) {
			t = append(t, (float64(low)+u*float64(high-low))/1000)
		}
		return t
	}
	fit, weight := times("fit-t", fitMin, fitMax), make([]float32, pictures)
	for i, t := range fit {
		alpha, sigma := m.schedule.AlphaSigma(t)
		weight[i] = float32(min(fitWeight, 1+alpha*alpha/(sigma*sigma)))
	}
	in.PullNoise, in.PullLevel = m.normal("pull-noise", number, pictures), m.levels(times("pull-t", cfg.Min, cfg.Max))
	in.FitNoise, in.FitLevel, in.FitWeight = m.normal("fit-noise", number, pictures), m.levels(fit), train.F32(weight, pictures)
	in.Pull = tensors.FromScalar(float32(cfg.Weight * min(1, float64(own)/float64(max(1, cfg.Ramp)))))
	in.FakeRate = coefficients(m.adam(), cfg.Rate.At(own, m.cfg.Steps-cfg.From+1), m.call(own, number))
	return in
}

// update moves the fake score and returns the gradient of the term at x0 = x̂ [P,S,S,3].
func (m matching) update(n networks, in matchingInputs[*Node], teacher diffusion.Denoiser, x0 *Node, text diffusion.Cond, losses map[string]*Node) *Node {
	clean, fake := StopGradient(x0), n.fakeScore()

	pull := matchingPull(clean, in.PullNoise, diffusion.LevelFrom(in.PullLevel), fake, teacher, text)
	// As the gradient of a mean over pictures, and of the same reduction over pixels as the other terms.
	gradient := Mul(MulScalar(pull, float64(m.summed())/float64(clean.Shape().Size())), in.Pull)
	losses["match_grad"] = l2(gradient)
	m.fit(n, in, clean, text, losses)
	return gradient
}

// fit moves the fake score on pictures without gradient.
func (m matching) fit(n networks, in matchingInputs[*Node], clean *Node, text diffusion.Cond, losses map[string]*Node) {
	fake, level := n.fakeScore(), diffusion.LevelFrom(in.FitLevel)
	difference := Sub(fake(diffusion.Diffuse(clean, in.FitNoise, level), level, text), clean)
	loss := ReduceAllMean(Mul(in.FitWeight, ReduceMean(Mul(difference, difference), 1, 2, 3)))
	m.optimiser().Update(optim.Variables(n.root.At(fakeScope), clean.Graph()), loss, in.FakeRate)
	losses["fake_score"] = loss
}

// matchingPull is (μ_fake − μ_real)/mean|x̂ − μ_real| at x̂ diffused to a level. No gradient passes.
func matchingPull(x0, noise *Node, level diffusion.Level, fake, real diffusion.Denoiser, text diffusion.Cond) *Node {
	xt := diffusion.Diffuse(x0, noise, level)
	taught := real(xt, level, text)
	scale := AddScalar(ReduceAndKeep(Abs(Sub(x0, taught)), ReduceMean, 1, 2, 3), 1e-3) // never 0
	return StopGradient(Div(Sub(fake(xt, level, text), taught), scale))
}
