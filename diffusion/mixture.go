package diffusion

import (
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/floats"
)

// Mixture is a toy data distribution in the plane, a mixture of round Gaussians, whose diffused densities and denoisers are known
// exactly. Points are flat: x₀, y₀, x₁, y₁, …
type Mixture []Component

// Component is one Gaussian of a Mixture. Weights need not sum to 1.
type Component struct {
	Weight float64
	Mean   [2]float64
	Std    float64 // of both coordinates; 0 is a point mass
}

// Ring returns n Gaussians of standard deviation std, evenly spread on a circle.
func Ring(n int, radius, std float64) Mixture {
	m := make(Mixture, n)
	for i := range m {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		m[i] = Component{Weight: 1, Mean: [2]float64{radius * cos, radius * sin}, Std: std}
	}
	return m
}

// Sample draws n points of x₀.
func (m Mixture) Sample(r *rand.Rand, n int) []float64 {
	var total float64
	for _, c := range m {
		total += c.Weight
	}
	x := make([]float64, 0, 2*n)
	for range n {
		c, u := m[len(m)-1], r.Float64()*total
		for _, k := range m {
			if u -= k.Weight; u < 0 {
				c = k
				break
			}
		}
		x = append(x, c.Mean[0]+c.Std*r.NormFloat64(), c.Mean[1]+c.Std*r.NormFloat64())
	}
	return x
}

// logDensities are ln w_k p_t(x|k) at one point of x_t = α x₀ + σ ε, where component k is N(α μ_k, v_k I), v_k = α² s_k² + σ².
func (m Mixture) logDensities(x []float64, alpha, sigma float64) []float64 {
	logs := make([]float64, len(m))
	for k, c := range m {
		dx, dy := x[0]-alpha*c.Mean[0], x[1]-alpha*c.Mean[1]
		v := alpha*alpha*c.Std*c.Std + sigma*sigma
		logs[k] = math.Log(c.Weight/(2*math.Pi*v)) - (dx*dx+dy*dy)/(2*v)
	}
	return logs
}

// Denoise returns E[x₀ | x_t = x] of each point. It is Tweedie's formula for the mixture: component k contributes
// μ_k + (α s_k²/v_k) (x − α μ_k), weighted by its posterior probability.
func (m Mixture) Denoise(x []float64, alpha, sigma float64) []float64 {
	out := make([]float64, len(x))
	for i := 0; i < len(x); i += 2 {
		if sigma == 0 {
			out[i], out[i+1] = x[i]/alpha, x[i+1]/alpha
			continue
		}
		logs := m.logDensities(x[i:i+2], alpha, sigma)
		norm := floats.LogSumExp(logs)
		for k, c := range m {
			p, pull := math.Exp(logs[k]-norm), alpha*c.Std*c.Std/(alpha*alpha*c.Std*c.Std+sigma*sigma)
			for j, mean := range c.Mean {
				out[i+j] += p * (mean + pull*(x[i+j]-alpha*mean))
			}
		}
	}
	return out
}

// Denoiser is Denoise in a graph: a perfect teacher. xt is [B,…] with the two values of a point in each row, such as [B,2], or [B,1,1,2]
// for a picture of one pixel.
//
// cond.Pooled [B,K], where given, replaces the K weights: a one-hot row conditions on one component. It must not be differentiated by.
// Keep t away from 0 if a component is a point mass.
func (m Mixture) Denoiser() Denoiser {
	// B batch, K components.
	return func(xt *Node, level Level, cond Cond) *Node {
		dims := xt.Shape().Dimensions
		x := Reshape(xt, dims[0], 2)
		row := func(f func(Component) float64) *Node { // [1,K]
			values := make([]float64, len(m))
			for k, c := range m {
				values[k] = f(c)
			}
			return ConvertDType(Const(x.Graph(), [][]float64{values}), x.DType())
		}
		means := []*Node{row(func(c Component) float64 { return c.Mean[0] }), row(func(c Component) float64 { return c.Mean[1] })}
		variance, weight := row(func(c Component) float64 { return c.Std * c.Std }), row(func(c Component) float64 { return c.Weight })
		if cond.Pooled != nil {
			weight = ConvertDType(cond.Pooled, x.DType())
		}
		l := level.Like(x)                                        // [B,1]
		v := Add(Mul(Square(l.Alpha), variance), Square(l.Sigma)) // [B,K]
		pull := Div(Mul(l.Alpha, variance), v)                    // [B,K]

		// The log-probabilities of components given x, up to a constant, and the distances to their means, each [B,K].
		logs := Sub(Log(weight), Log(v)) // −∞ where a component is ruled out
		distances := make([]*Node, len(means))
		for i, mean := range means {
			distances[i] = Sub(Slice(x, AxisRange(), AxisRange(i, i+1)), Mul(l.Alpha, mean))
			logs = Sub(logs, Div(Square(distances[i]), MulScalar(v, 2)))
		}
		posterior := Softmax(logs, -1)
		out := make([]*Node, len(means))
		for i, mean := range means {
			out[i] = InsertAxes(ReduceSum(Mul(posterior, Add(mean, Mul(pull, distances[i]))), -1), -1) // [B,1]
		}
		return Reshape(Concatenate(out, -1), dims...)
	}
}

// Solve runs a sampler that adds no noise from points x at t = 1 down to data, with the mixture's exact denoiser: it solves the
// probability-flow ODE, and more steps come nearer to its end points.
func (m Mixture) Solve(s Schedule, sampler Sampler, steps int, x []float64) ([]float64, error) {
	plan, err := sampler.Plan(s, steps)
	if err != nil {
		return nil, err
	}
	return Apply(plan, x, func(x []float64, t float64) []float64 {
		alpha, sigma := s.AlphaSigma(t)
		return m.Denoise(x, alpha, sigma)
	}, nil), nil
}
