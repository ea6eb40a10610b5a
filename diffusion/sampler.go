package diffusion

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/floats"

	"github.com/addlab/addlab/internal/named"
)

// Step is one linear update of a sampler: with x̂₀ predicted from x at time T,
//
//	x ← X·x + X0·x̂₀ + Prev·x̂₀_prev + Prev2·x̂₀_prev2 + Noise·z,  z ~ N(0,I)
//
// where x̂₀_prev is the prediction of the step before, and x̂₀_prev2 that of the step before it.
type Step struct{ T, X, X0, Prev, Prev2, Noise float64 }

// Coef returns the five coefficients X, X0, Prev, Prev2, Noise: the input of Update.
func (s Step) Coef() []float32 {
	return []float32{float32(s.X), float32(s.X0), float32(s.Prev), float32(s.Prev2), float32(s.Noise)}
}

// Sampler plans how pure noise at t = 1 becomes an image in the given number of denoiser calls.
type Sampler interface {
	Name() string
	Plan(s Schedule, steps int) ([]Step, error)
}

// Samplers returns every sampler of the package with its default options.
func Samplers() []Sampler {
	return []Sampler{DDIM{}, DPMSolverPP2M{}, UniPC{}, Euler{}, EulerAncestral{}, FewStep{Form: Renoise}, FewStep{Form: Ancestral}, FewStep{Form: ODE}}
}

// SamplerByName returns the sampler, with its default options, whose Name is name.
func SamplerByName(name string) (Sampler, error) {
	return named.Find("diffusion: sampler", name, Samplers(), Sampler.Name)
}

// Solvers returns the samplers for a model that was not distilled: all but FewStep, whose times are a student's.
func Solvers() []Sampler {
	return slices.DeleteFunc(Samplers(), func(s Sampler) bool { _, few := s.(FewStep); return few })
}

// SolverNames lists the names of Solvers, "ddim, dpmpp2m, …".
func SolverNames() string {
	var names []string
	for _, s := range Solvers() {
		names = append(names, s.Name())
	}
	return strings.Join(names, ", ")
}

// ParseSolvers reads names of Solvers, "ddim,unipc", each named once.
func ParseSolvers(list string) (found []Sampler, err error) {
	for name := range strings.SplitSeq(list, ",") {
		s, err := named.Find("diffusion: sampler", strings.TrimSpace(name), Solvers(), Sampler.Name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(found, func(f Sampler) bool { return f.Name() == s.Name() }) {
			return nil, fmt.Errorf("diffusion: samplers = %q, want each once", list)
		}
		found = append(found, s)
	}
	return found, nil
}

// Update executes one Step in a graph: coef is [5] = Step.Coef(); x, x0, prev, prev2 and z have one shape. Where a coefficient
// is 0 its input must still be finite: pass zeros.
func Update(coef, x, x0, prev, prev2, z *Node) *Node {
	coef.AssertDims(5)
	term := func(i int, n *Node) *Node {
		return Mul(ConvertDType(Reshape(Slice(coef, AxisRange(i, i+1))), n.DType()), n)
	}
	return Add(Add(Add(term(0, x), term(1, x0)), Add(term(2, prev), term(4, z))), term(3, prev2))
}

// Apply executes a plan on the host and returns the sample; x is not changed. denoise returns x̂₀ of x at time t; noise
// returns fresh z of the length of x and is called only where a step adds noise.
func Apply(plan []Step, x []float64, denoise func(x []float64, t float64) []float64, noise func() []float64) []float64 {
	var prev, prev2 []float64
	for _, step := range plan {
		x0 := denoise(x, step.T)
		var z []float64
		if step.Noise != 0 {
			z = noise()
		}
		next := make([]float64, len(x))
		for _, term := range []struct {
			factor float64
			of     []float64
		}{{step.X, x}, {step.X0, x0}, {step.Prev, prev}, {step.Prev2, prev2}, {step.Noise, z}} {
			if term.factor != 0 { // else there may be nothing
				floats.AddScaled(next, term.factor, term.of)
			}
		}
		x, prev, prev2 = next, x0, prev
	}
	return x
}
