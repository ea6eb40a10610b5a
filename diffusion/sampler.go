package diffusion

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/addlab/addlab/internal/named"
)

// Step is one linear update of a sampler: with x̂₀ predicted from x at time T,
//
//	x ← X·x + X0·x̂₀ + Prev·x̂₀_prev + Noise·z,  z ~ N(0,I)
//
// where x̂₀_prev is the prediction of the step before.
type Step struct{ T, X, X0, Prev, Noise float64 }

// Coef returns the four coefficients X, X0, Prev, Noise: the input of Update.
func (s Step) Coef() []float32 {
	return []float32{float32(s.X), float32(s.X0), float32(s.Prev), float32(s.Noise)}
}

// Sampler plans how pure noise at t = 1 becomes an image in the given number of denoiser calls.
type Sampler interface {
	Name() string
	Plan(s Schedule, steps int) ([]Step, error)
}

// Samplers returns every sampler of the package with its default options.
func Samplers() []Sampler {
	return []Sampler{DDIM{}, DPMSolverPP2M{}, FewStep{Form: Renoise}, FewStep{Form: Ancestral}}
}

// SamplerByName returns the sampler, with its default options, whose Name is name.
func SamplerByName(name string) (Sampler, error) {
	return named.Find("diffusion: sampler", name, Samplers(), Sampler.Name)
}

// Grid names how a sampler spaces its times.
//
// Uniform t is what Stable Diffusion's users run. Uniform λ resolves the last, fine levels better, where Stable Diffusion's
// schedule is steep. It is better on sharp modes with both schedules; on broad modes with the cosine schedule uniform t is.
type Grid string

const (
	GridTime   Grid = "time"   // uniform in t from 1 to 0; the default
	GridLogSNR Grid = "logsnr" // uniform in λ_t between t = 0.999 and 0.001, closed by t = 1 and t = 0
)

// GridLogSNR spans these times: at 0 and 1 λ may be infinite.
const gridFirst, gridLast = 0.999, 0.001

// times returns steps+1 falling times from 1 to 0.
func (g Grid) times(s Schedule, steps int) ([]float64, error) {
	if steps < 1 {
		return nil, fmt.Errorf("diffusion: steps = %d, want ≥ 1", steps)
	}
	t := make([]float64, steps+1)
	switch g {
	case GridTime, "":
		for i := range t {
			t[i] = float64(steps-i) / float64(steps)
		}
	case GridLogSNR:
		first, last := LogSNR(s, gridFirst), LogSNR(s, gridLast)
		for i := 1; i < steps; i++ {
			t[i] = timeOfLogSNR(s, first+(last-first)*float64(i)/float64(steps-1))
		}
		t[0], t[steps] = 1, 0
	default:
		return nil, fmt.Errorf("diffusion: grid = %q, want one of %q", g, []Grid{GridTime, GridLogSNR})
	}
	return t, nil
}

// Update executes one Step in a graph: coef is [4] = Step.Coef(); x, x0, prev and z have one shape. Where a coefficient is 0
// its input must still be finite: pass zeros.
func Update(coef, x, x0, prev, z *Node) *Node {
	coef.AssertDims(4)
	term := func(i int, n *Node) *Node {
		return Mul(ConvertDType(Reshape(Slice(coef, AxisRange(i, i+1))), n.DType()), n)
	}
	return Add(Add(term(0, x), term(1, x0)), Add(term(2, prev), term(3, z)))
}

// Apply executes a plan on the host and returns the sample; x is not changed. denoise returns x̂₀ of x at time t; noise
// returns fresh z of the length of x and is called only where a step adds noise.
func Apply(plan []Step, x []float64, denoise func(x []float64, t float64) []float64, noise func() []float64) []float64 {
	var prev []float64
	for _, step := range plan {
		x0 := denoise(x, step.T)
		var z []float64
		if step.Noise != 0 {
			z = noise()
		}
		next := make([]float64, len(x))
		for i := range next {
			next[i] = step.X*x[i] + step.X0*x0[i]
			if step.Prev != 0 {
				next[i] += step.Prev * prev[i]
			}
			if step.Noise != 0 {
				next[i] += step.Noise * z[i]
			}
		}
		x, prev = next, x0
	}
	return x
}

// DDIM is the deterministic sampler of DDIM (η = 0): the first-order solver of the probability-flow ODE.
type DDIM struct {
	Grid Grid // default GridTime
}

var _ Sampler = DDIM{}

func (DDIM) Name() string { return "ddim" }

func (d DDIM) Plan(s Schedule, steps int) ([]Step, error) {
	times, err := d.Grid.times(s, steps)
	if err != nil {
		return nil, err
	}
	plan := make([]Step, steps)
	for i := range plan {
		plan[i] = firstOrder(s, times[i], times[i+1])
	}
	return plan, nil
}

// firstOrder goes from time t to u: x_u = α_u x̂₀ + σ_u ε̂ with ε̂ = (x_t − α_t x̂₀)/σ_t (DDIM eq. 12 with σ = 0).
func firstOrder(s Schedule, t, u float64) Step {
	alphaT, sigmaT := s.AlphaSigma(t)
	alphaU, sigmaU := s.AlphaSigma(u)
	ratio := sigmaU / sigmaT
	return Step{T: t, X: ratio, X0: alphaU - ratio*alphaT}
}

// DPMSolverPP2M is DPM-Solver++(2M): second-order multistep in x̂₀ (DPM-Solver++ algorithm 2).
//
// Steps without a usable slope are of first order: the first, the one after pure noise (λ = −∞ has no distance), the one
// into clean data (λ = +∞).
type DPMSolverPP2M struct {
	Grid Grid // default GridTime
}

var _ Sampler = DPMSolverPP2M{}

func (DPMSolverPP2M) Name() string { return "dpmpp2m" }

func (d DPMSolverPP2M) Plan(s Schedule, steps int) ([]Step, error) {
	times, err := d.Grid.times(s, steps)
	if err != nil {
		return nil, err
	}
	plan := make([]Step, steps)
	for i := range plan {
		plan[i] = firstOrder(s, times[i], times[i+1])
		if i == 0 {
			continue
		}
		// x̂₀ is extrapolated to the middle of the step: x̂₀ + (x̂₀ − x̂₀_prev)/(2r), r = h_prev/h.
		hPrev := LogSNR(s, times[i]) - LogSNR(s, times[i-1])
		h := LogSNR(s, times[i+1]) - LogSNR(s, times[i])
		if math.IsInf(h, 0) || math.IsInf(hPrev, 0) {
			continue
		}
		slope := plan[i].X0 * h / (2 * hPrev)
		plan[i].X0 += slope
		plan[i].Prev = -slope
	}
	return plan, nil
}
