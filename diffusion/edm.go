package diffusion

import (
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/named"
	"github.com/addlab/addlab/network"
)

// EDMDenoiser is the denoiser of one of EDM's networks, whose weights are below scope by NVIDIA's names. cond.Pooled is [B,LabelDim], a
// one-hot row for each picture, zeros for no class; it is not read where LabelDim is 0.
//
// EDM's x̄ = x₀ + σ̄ ε is x_t/α_t, with σ̄ = σ_t/α_t. In these terms its preconditioning (EDM eq. 7 and Table 1, EDM's column) is
//
//	x̂₀ = (α σ_d²/r²) x_t + (σ σ_d/r) F(x_t/r, ¼ ln(σ/α)),  r² = σ² + α² σ_d²
//
// The network is asked for no σ̄ but those of its sampling, EDMLevelsOf: what is noisier, as pure noise is, is read as if it had the
// highest level. What is less noisy is told to F as the lowest level.
func EDMDenoiser(scope *model.Scope, net network.EDMConfig) Denoiser {
	bounds := EDMLevelsOf(net)
	noisiest, cleanest := levelOf(bounds.Max), levelOf(bounds.Min)
	return func(xt *Node, level Level, cond Cond) *Node {
		labels := cond.Pooled
		if net.LabelDim > 0 && labels == nil {
			panic(errors.New("diffusion: cond: pooled is missing, want the one-hot class of every picture"))
		}
		l := level.Like(xt)
		alpha, sigma := MaxScalar(l.Alpha, noisiest.alpha), MinScalar(l.Sigma, noisiest.sigma)
		r := Sqrt(Add(Square(sigma), MulScalar(Square(alpha), net.SigmaData*net.SigmaData)))
		noise := MulScalar(Log(Div(MaxScalar(sigma, cleanest.sigma), alpha)), 0.25)
		f := net.Apply(scope.At("model"), Div(xt, r), Reshape(noise, xt.Shape().Dim(0)), labels)
		skip := Div(MulScalar(Mul(alpha, xt), net.SigmaData*net.SigmaData), Square(r))
		return Add(skip, Mul(Div(MulScalar(sigma, net.SigmaData), r), f))
	}
}

// EDMLevels are the noise levels that EDM's networks are sampled on: σ/α falls from Max to Min, evenly in its seventh root (EDM eq. 5),
// and then to 0.
type EDMLevels struct{ Min, Max float64 }

// EDMLevelsOf are the levels of EDM Table 1, within those that the network supports.
func EDMLevelsOf(net network.EDMConfig) EDMLevels {
	l := EDMLevels{Min: max(karrasMin, net.SigmaMin), Max: karrasMax}
	if net.SigmaMax > 0 {
		l.Max = min(l.Max, net.SigmaMax)
	}
	return l
}

// Plan lists the denoiser's calls in so many steps by the sampler of this name, and the factor of the standard normal noise that they begin
// with. Heun takes two calls in every step but the last. x has the scale α²+σ² = 1; T of a call is σ/α.
func (l EDMLevels) Plan(sampler string, steps int) (start float64, plan []Call, err error) {
	if steps < 1 {
		return 0, nil, fmt.Errorf("diffusion: steps = %d, want ≥ 1", steps)
	}
	if !(l.Min > 0 && l.Min < l.Max) {
		return 0, nil, fmt.Errorf("diffusion: levels = %g … %g, want them to fall to one above 0", l.Max, l.Min)
	}
	found, err := named.Find("diffusion: sampler", sampler, Solvers(), Sampler.Name)
	if err != nil {
		return 0, nil, err
	}
	root := func(x float64) float64 { return math.Pow(x, 1./karrasPower) }
	levels := make(levelTable, steps, steps+1)
	for i := range levels {
		fallen := float64(i) / float64(max(1, steps-1))
		levels[i] = levelOf(math.Pow(root(l.Max)+fallen*(root(l.Min)-root(l.Max)), karrasPower))
	}
	levels = append(levels, level{1, 0})

	var all []Step
	switch times := levels.times(); found.(type) {
	case Heun:
		all = heun(levels, times, false)
	case EulerAncestral:
		for i := range steps {
			all = append(all, ancestral(levels, times[i], times[i+1]))
		}
	case DPMSolverPP2M:
		all = multistep(levels, times, false)
	case UniPC:
		all = corrected(levels, multistep(levels, times, false))
	default: // DDIM's step is Euler's
		for i := range steps {
			all = append(all, firstOrder(levels, times[i], times[i+1]))
		}
	}
	for _, step := range all {
		at := levels[int(step.T)]
		step.T = at.sigma / at.alpha
		plan = append(plan, Call{step, at.alpha, at.sigma})
	}
	return levels[0].sigma, plan, nil
}

// levelOf is the level at which σ/α is the ratio.
func levelOf(ratio float64) level {
	alpha := 1 / math.Sqrt(1+ratio*ratio)
	return level{alpha, ratio * alpha}
}
