package distill

import (
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// setup is what every method works with. It draws inputs on the host: all randomness comes from the seed and the batch's number.
type setup struct {
	cfg      Config
	bundle   *pretrain.Bundle
	schedule diffusion.Schedule

	studentOptimiser optim.Optimizer
	headsOptimiser   optim.AdamW // StyleGAN-T's
}

func newSetup(cfg Config, b *pretrain.Bundle) (setup, error) {
	schedule, err := diffusion.ScheduleByName(b.Config.Schedule)
	adam := studentAdamW(cfg)
	s := setup{cfg: cfg, bundle: b, schedule: schedule, studentOptimiser: adam, headsOptimiser: optim.AdamW{Name: "discriminator", Beta1: 0, Beta2: 0.99, Epsilon: 1e-8}}
	if cfg.Muon {
		s.studentOptimiser = optim.Muon{AdamW: adam, Kept: b.Backbone(cfg.Student()).Outer()}
	}
	return s, err
}

func (s setup) random(purpose string, number int) *rand.Rand {
	return rng.New(s.cfg.Seed, "distill/"+purpose, number)
}

// pictures are values of a batch of pictures, [B,S,S,3].
func (s setup) pictures(x []float32) *tensors.Tensor {
	size := s.bundle.Config.Size
	return train.F32(x, len(x)/(size*size*3), size, size, 3)
}

// noise is N(0,1) of a batch's shape.
func (s setup) noise(purpose string, b dataset.Batch, number int) *tensors.Tensor {
	return s.pictures(rng.Normal(s.random(purpose, number), len(b.Images)))
}

// tokens are captions as the text encoder reads them, [B,L].
func (s setup) tokens(captions ...string) *tensors.Tensor {
	words := s.bundle.Words
	return train.I32(words.EncodeAll(captions), len(captions), words.Context)
}

// levels are t, α_t and σ_t of times in [0,1], [B,3].
func (s setup) levels(times []float64) *tensors.Tensor {
	return train.F32(diffusion.Levels(s.schedule, times), len(times), 3)
}

// view is how the feature network sees pictures: their augmentation.
func (s setup) view(purpose string, number, pictures int) *tensors.Tensor {
	params := discriminator.DrawView(s.random(purpose, number), s.cfg.Discriminator, pictures, s.bundle.Config.Size)
	return train.F32(params, pictures, discriminator.AugmentParams)
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
	Real, Noise T // [B,S,S,3]: x₀, ε
	Start       T // [B,3]: level of x_s, pure noise at the first time but for Config.SignalLeak
	Level       T // [B,3]: level that the student is told
	Caption     T // [B,L]
	StudentRate T // [3]: the optimiser's coefficients
	Decay       T // of the student's average
}

// drawStudent draws the inputs of a step of the student at these times.
func (s setup) drawStudent(b dataset.Batch, step, number int, times []float64) studentInputs[*tensors.Tensor] {
	return s.studentOn(b, s.noise("noise", b, number), step, times)
}

// studentOn is drawStudent on noise that is given.
func (s setup) studentOn(b dataset.Batch, noise *tensors.Tensor, step int, times []float64) studentInputs[*tensors.Tensor] {
	n := s.cfg.Batch
	level := diffusion.Levels(s.schedule, times)
	start := append([]float32(nil), level...)
	for i, t := range times {
		if t >= float64(s.cfg.Times[0])/1000 && !s.cfg.SignalLeak { // where sampling begins, from pure noise whatever the schedule leaves there
			start[3*i+1], start[3*i+2] = 0, 1
		}
	}
	return studentInputs[*tensors.Tensor]{
		Real: s.pictures(b.Images), Noise: noise,
		Start: train.F32(start, n, 3), Level: train.F32(level, n, 3),
		Caption:     s.tokens(b.Captions...),
		StudentRate: train.F32(studentAdamW(s.cfg).Coefficients(s.cfg.StudentRate.At(step, s.cfg.Steps), step), 3),
		Decay:       tensors.FromScalar(float32(math.Min(s.cfg.EMA, float64(1+step)/float64(10+step)))), // see Config.EMA
	}
}

func studentAdamW(cfg Config) optim.AdamW {
	return optim.AdamW{Name: "student", Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: cfg.ClipNorm}
}

// moveStudent moves the student against ∂L/∂x̂_θ, the sum of the gradients of its losses at x0 = x̂_θ [B,S,S,3], and its average after it.
// Returns the norm of the student's gradient.
func moveStudent(n networks, x0 *Node, in studentInputs[*Node], gradients ...*Node) *Node {
	total := gradients[0]
	for _, gradient := range gradients[1:] {
		total = Add(total, gradient)
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
