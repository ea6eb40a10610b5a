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
//	x ← X·x + X0·x̂₀ + Prev[0]·y₁ + Prev[1]·y₂ + … + Noise·z,  z ~ N(0,I)
//
// where y₁ is what the step before kept, and y₂ what the step before it kept. A step keeps y = x̂₀ + Keep·x.
type Step struct {
	T, X, X0, Noise float64
	Prev            [History]float64
	Keep            float64 // 0 keeps x̂₀, −1/α a multiple of ε̂
}

// History is how many earlier steps a step may refer to.
const History = 4

// Coefs is the number of coefficients of a step.
const Coefs = 4 + History

// Coef returns the coefficients X, X0, Noise, Keep and Prev: the input of Update.
func (s Step) Coef() []float32 {
	c := []float32{float32(s.X), float32(s.X0), float32(s.Noise), float32(s.Keep)}
	for _, p := range s.Prev {
		c = append(c, float32(p))
	}
	return c
}

// Sampler plans how pure noise at t = 1 becomes an image in the given number of denoiser calls.
type Sampler interface {
	Name() string
	Plan(s Schedule, steps int) ([]Step, error)
}

// Samplers returns every sampler of the package with its default options.
func Samplers() []Sampler {
	return []Sampler{DDIM{}, DPMSolverPP2M{}, UniPC{}, Euler{}, Heun{}, EulerAncestral{}, FewStep{Form: Renoise}, FewStep{Form: Ancestral}, FewStep{Form: ODE}}
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

// Update executes one Step in a graph and returns the next x and what the step keeps. coef is [Coefs] = Step.Coef(). x, x0, z and what
// History steps before kept, the last one first, have one shape. Where a coefficient is 0 its input must still be finite: pass zeros.
func Update(coef, x, x0, z *Node, history []*Node) (next, kept *Node) {
	coef.AssertDims(Coefs)
	term := func(i int, n *Node) *Node {
		return Mul(ConvertDType(Reshape(Slice(coef, AxisRange(i, i+1))), n.DType()), n)
	}
	next = Add(Add(term(0, x), term(1, x0)), term(2, z))
	for k, y := range history {
		next = Add(next, term(4+k, y))
	}
	return next, Add(x0, term(3, x))
}

// Apply executes a plan on the host and returns the sample; x is not changed. denoise returns x̂₀ of x at time t; noise
// returns fresh z of the length of x and is called only where a step adds noise.
func Apply(plan []Step, x []float64, denoise func(x []float64, t float64) []float64, noise func() []float64) []float64 {
	var history [History][]float64
	for _, step := range plan {
		x0 := denoise(x, step.T)
		var z []float64
		if step.Noise != 0 {
			z = noise()
		}
		next, kept := make([]float64, len(x)), slices.Clone(x0)
		add := func(to []float64, factor float64, of []float64) {
			if factor != 0 { // else there may be nothing
				floats.AddScaled(to, factor, of)
			}
		}
		add(next, step.X, x)
		add(next, step.X0, x0)
		for k, y := range history {
			add(next, step.Prev[k], y)
		}
		add(next, step.Noise, z)
		add(kept, step.Keep, x)
		copy(history[1:], history[:])
		x, history[0] = next, kept
	}
	return x
}
