package diffusion

import (
	"math"
	"math/rand/v2"
)

// Mixture is a toy data distribution in the plane, a mixture of Gaussians, whose diffused densities and denoisers are known
// exactly. Points are flat: x₀, y₀, x₁, y₁, …
type Mixture []Component

// Component is one Gaussian of a Mixture. Weights need not sum to 1.
type Component struct {
	Weight float64
	Mean   [2]float64
	Cov    [3]float64 // xx, xy, yy; zero is a point mass
}

// Ring returns n round Gaussians of standard deviation std, evenly spread on a circle.
func Ring(n int, radius, std float64) Mixture {
	m := make(Mixture, n)
	for i := range m {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		m[i] = Component{Weight: 1, Mean: [2]float64{radius * cos, radius * sin}, Cov: [3]float64{std * std, 0, std * std}}
	}
	return m
}

// Only returns the mixture of the given components: the data of a condition.
func (m Mixture) Only(components ...int) Mixture {
	only := make(Mixture, len(components))
	for i, k := range components {
		only[i] = m[k]
	}
	return only
}

// Sample draws n points of x₀.
func (m Mixture) Sample(r *rand.Rand, n int) []float64 {
	total := m.total()
	x := make([]float64, 0, 2*n)
	for range n {
		c, u := m[len(m)-1], r.Float64()*total
		for _, k := range m {
			if u -= k.Weight; u < 0 {
				c = k
				break
			}
		}
		// Cov = LLᵀ with L lower triangular.
		a := math.Sqrt(c.Cov[0])
		var b float64
		if a > 0 {
			b = c.Cov[1] / a
		}
		d := math.Sqrt(max(0, c.Cov[2]-b*b))
		z0, z1 := r.NormFloat64(), r.NormFloat64()
		x = append(x, c.Mean[0]+a*z0, c.Mean[1]+b*z0+d*z1)
	}
	return x
}

// LogDensity returns ln p_t at one point of x_t = α x₀ + σ ε: component k is N(α μ_k, α² Σ_k + σ² I).
func (m Mixture) LogDensity(x [2]float64, alpha, sigma float64) float64 {
	logs := make([]float64, len(m))
	for k, c := range m {
		logs[k] = c.at(alpha, sigma).logDensity(x) + math.Log(c.Weight)
	}
	return logSumExp(logs) - math.Log(m.total())
}

// Denoise returns E[x₀ | x_t = x] of each point. It is Tweedie's formula for the mixture: component k contributes
// μ_k + α Σ_k (α² Σ_k + σ² I)⁻¹ (x − α μ_k), weighted by its posterior probability.
func (m Mixture) Denoise(x []float64, alpha, sigma float64) []float64 {
	out := make([]float64, len(x))
	logs := make([]float64, len(m))
	diffused := make([]gaussian, len(m))
	for k, c := range m {
		diffused[k] = c.at(alpha, sigma)
	}
	for i := 0; i < len(x); i += 2 {
		if sigma == 0 {
			out[i], out[i+1] = x[i]/alpha, x[i+1]/alpha
			continue
		}
		xt := [2]float64{x[i], x[i+1]}
		for k, c := range m {
			logs[k] = math.Log(c.Weight) + diffused[k].logDensity(xt)
		}
		norm := logSumExp(logs)
		for k, c := range m {
			p := math.Exp(logs[k] - norm)
			u, v := diffused[k].solve(xt)
			out[i] += p * (c.Mean[0] + alpha*(c.Cov[0]*u+c.Cov[1]*v))
			out[i+1] += p * (c.Mean[1] + alpha*(c.Cov[1]*u+c.Cov[2]*v))
		}
	}
	return out
}

func (m Mixture) total() (sum float64) {
	for _, c := range m {
		sum += c.Weight
	}
	return sum
}

// gaussian is a diffused component: its mean, covariance and determinant.
type gaussian struct {
	mean [2]float64
	cov  [3]float64
	det  float64
}

func (c Component) at(alpha, sigma float64) gaussian {
	a2, s2 := alpha*alpha, sigma*sigma
	g := gaussian{
		mean: [2]float64{alpha * c.Mean[0], alpha * c.Mean[1]},
		cov:  [3]float64{a2*c.Cov[0] + s2, a2 * c.Cov[1], a2*c.Cov[2] + s2},
	}
	g.det = g.cov[0]*g.cov[2] - g.cov[1]*g.cov[1]
	return g
}

// solve returns cov⁻¹ (x − mean).
func (g gaussian) solve(x [2]float64) (u, v float64) {
	dx, dy := x[0]-g.mean[0], x[1]-g.mean[1]
	return (g.cov[2]*dx - g.cov[1]*dy) / g.det, (g.cov[0]*dy - g.cov[1]*dx) / g.det
}

func (g gaussian) logDensity(x [2]float64) float64 {
	u, v := g.solve(x)
	return -(u*(x[0]-g.mean[0])+v*(x[1]-g.mean[1]))/2 - math.Log(g.det)/2 - math.Log(2*math.Pi)
}

func logSumExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}
