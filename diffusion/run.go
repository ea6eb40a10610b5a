package diffusion

import (
	. "github.com/gomlx/gomlx/core/graph"
)

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
