package distill

import (
	"cmp"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// setup is what every method works with. It draws inputs on the host: all randomness comes from the seed and the batch's number.
type setup struct {
	cfg      Config
	base     Base
	schedule diffusion.Schedule
	devices  int // that share a batch
	states   *states

	studentOptimiser optim.Optimizer
	headsOptimiser   optim.AdamW // StyleGAN-T's
}

func newSetup(cfg Config, b Base) (setup, error) {
	schedule, err := b.Schedule()
	adam := studentAdamW(cfg)
	s := setup{cfg: cfg, base: b, schedule: schedule, studentOptimiser: adam, headsOptimiser: optim.AdamW{Name: "discriminator", Beta1: 0, Beta2: 0.99, Epsilon: 1e-8, Passes: cfg.Accumulate}}
	if cfg.Muon {
		s.studentOptimiser = optim.Muon{AdamW: adam, Kept: b.Backbone(cfg.Student()).Outer()}
	}
	return s, err
}

func (s setup) random(purpose string, number int) *rand.Rand {
	return rng.New(s.cfg.Seed, "distill/"+purpose, number)
}

// samples are values of what is diffused, [B,H,W,Z].
func (s setup) samples(x []float32) *tensors.Tensor {
	side, channels := s.sample()
	return train.F32(x, len(x)/s.values(), side, side, channels)
}

// normal is N(0,1) for so many samples.
func (s setup) normal(purpose string, number, samples int) *tensors.Tensor {
	return s.samples(rng.Normal(s.random(purpose, number), samples*s.values()))
}

// noise is normal for a batch.
func (s setup) noise(purpose string, number int) *tensors.Tensor {
	return s.normal(purpose, number, s.cfg.Batch)
}

// tokens are captions as networks.text takes them: as the text encoder reads them, [B,L], or what it said of them, [B,V].
func (s setup) tokens(captions ...string) *tensors.Tensor {
	if s.states.there() {
		return s.states.of(captions)
	}
	ids, length := s.base.Tokens(captions)
	return train.I32(ids, len(captions), length)
}

// levels are t, α_t and σ_t of times in [0,1], [B,3].
func (s setup) levels(times []float64) *tensors.Tensor {
	return train.F32(diffusion.Levels(s.schedule, times), len(times), 3)
}

// view is how the feature network sees pictures: their augmentation.
func (s setup) view(purpose string, number, pictures int) *tensors.Tensor {
	params := discriminator.DrawView(s.random(purpose, number), s.cfg.Discriminator, pictures, s.base.Size())
	return train.F32(params, pictures, discriminator.AugmentParams)
}

// featuresSide is the side of the pictures that the discriminator's features take.
func (s setup) featuresSide() int {
	if s.encodes() {
		return s.base.Size()
	}
	return cmp.Or(s.base.Features(s.cfg.Features()).Side(), s.base.Size())
}

// crop is how larger pictures come to a side.
func (s setup) crop(purpose string, number, side int) *tensors.Tensor {
	return train.F32(discriminator.DrawCrop(s.random(purpose, number), s.cfg.Discriminator, s.base.Size(), side), 2, side, s.base.Size())
}

// stratified are n random numbers, one in each n-th part of [0,1), in random order.
func stratified(r *rand.Rand, n int) []float64 {
	u := make([]float64, n)
	for i := range u {
		u[i] = (float64(i) + r.Float64()) / float64(n)
	}
	r.Shuffle(n, func(i, j int) { u[i], u[j] = u[j], u[i] })
	return u
}

// B batch, S side of the picture, L tokens.

// studentInputs are what moving the student needs in every method: tensors on the host, nodes in a graph.
type studentInputs[T any] struct {
	Real, Noise T // [B,H,W,Z]: x₀, ε
	Picture     T // [B,S,S,3]: what x₀ are latents of
	Start       T // [B,3]: level of x_s, pure noise at the first time but for Config.SignalLeak
	Level       T // [B,3]: level that the student is told
	Caption     T // [B,L], or [B,V] of states
	StudentRate T // the optimiser's coefficients
	Decay       T // of the student's average
}

// drawStudent draws the inputs of a step of the student at these times.
func (s setup) drawStudent(b dataset.Batch, step, number int, times []float64) studentInputs[*tensors.Tensor] {
	return s.studentOn(b, s.noise("noise", number), step, number, times)
}

// studentOn is drawStudent on noise that is given.
func (s setup) studentOn(b dataset.Batch, noise *tensors.Tensor, step, number int, times []float64) studentInputs[*tensors.Tensor] {
	n := s.cfg.Batch
	level := diffusion.Levels(s.schedule, times)
	start := append([]float32(nil), level...)
	for i, t := range times {
		if t >= float64(s.cfg.Times[0])/1000 && !s.cfg.SignalLeak { // where sampling begins, from pure noise whatever the schedule leaves there
			start[3*i+1] = 0
			if s.base.UnitNoise(s.cfg.Consistency != nil) {
				start[3*i+2] = 1
			}
		}
	}
	real, picture := b.Images, (*tensors.Tensor)(nil)
	if b.Latents != nil {
		real = b.Latents
		if s.cfg.Adversarial > 0 && (!s.encodes() || s.cfg.Discriminator.Image) {
			picture = train.F32(b.Images, n, s.base.Size(), s.base.Size(), 3)
		}
	}
	decay, call := optim.WarmDecay(s.cfg.EMA, step), s.call(step, number)
	if call%s.cfg.passes() > 0 {
		decay = 1
	}
	return studentInputs[*tensors.Tensor]{
		Real: s.samples(real), Picture: picture, Noise: noise,
		Start: train.F32(start, n, 3), Level: train.F32(level, n, 3),
		Caption:     s.tokens(b.Captions...),
		StudentRate: coefficients(studentAdamW(s.cfg), s.cfg.StudentRate.At(step, s.cfg.Steps), call),
		Decay:       tensors.FromScalar(float32(decay)),
	}
}

func studentAdamW(cfg Config) optim.AdamW {
	return optim.AdamW{Name: "student", Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: cfg.ClipNorm, Passes: cfg.Accumulate}
}

// call counts the calls of an optimiser that moves once a step, over the passes of the steps.
func (s setup) call(step, number int) int {
	return (step-1)*s.cfg.passes() + (number-1)%s.cfg.passes() + 1
}

func coefficients(o optim.AdamW, rate float64, call int) *tensors.Tensor {
	all := o.Coefficients(rate, call)
	return train.F32(all, len(all))
}

// moveStudent moves the student against ∂L/∂x̂_θ, the sum of the gradients of its losses at x0 = x̂_θ [B,S,S,3], and its average after it.
// Returns the norm of the student's gradient.
func moveStudent(n networks, x0 *Node, in studentInputs[*Node], gradients ...*Node) *Node {
	total := gradients[0]
	for _, gradient := range gradients[1:] {
		total = Add(total, gradient)
	}
	if n.passes {
		pass(n.root.Store(), passedGradient, total)
		return l2(total)
	}
	// The gradient of ⟨x̂_θ, sg(∂L/∂x̂_θ)⟩ with respect to θ is that of L.
	surrogate := ReduceAllSum(Mul(x0, StopGradient(total)))
	variables := optim.Variables(n.root.At(studentScope), x0.Graph())
	norm := n.studentOptimiser.Update(variables, surrogate, in.StudentRate)
	optim.EMA(variables, "/"+studentScope, "/"+studentEMAScope, in.Decay)
	return norm
}

func l2(x *Node) *Node { return Sqrt(ReduceAllSum(Mul(x, x))) }

// pixelVariance is the variance over the batch, averaged over pixels: it falls to 0 when the student always draws the same.
func pixelVariance(x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, 0)
	return ReduceAllMean(Mul(Sub(x, mean), Sub(x, mean)))
}
