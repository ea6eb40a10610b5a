package diffusion

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/floats"

	"github.com/addlab/addlab/internal/rng"
)

// logDensity is ln p_t of two modes, whose weights sum to 3.
func logDensity(x []float64, alpha, sigma float64) float64 {
	return floats.LogSumExp(twoModes.logDensities(x, alpha, sigma)) - math.Log(3)
}

// E[x₀|x_t] by brute force: Bayes' rule summed over a grid of x₀.
func TestToyDenoiserIsTheIntegral(t *testing.T) {
	const step = 0.04
	for _, u := range []float64{0.15, 0.5, 0.85, 1} {
		alpha, sigma := Cosine{}.AlphaSigma(u)
		for _, xt := range [][2]float64{{0.3, -0.4}, {-1.2, 0.8}} {
			var mass, mx, my float64
			for x := -5.0; x < 5; x += step {
				for y := -5.0; y < 5; y += step {
					dx, dy := xt[0]-alpha*x, xt[1]-alpha*y
					w := math.Exp(logDensity([]float64{x, y}, 1, 0) - (dx*dx+dy*dy)/(2*sigma*sigma))
					mass, mx, my = mass+w, mx+w*x, my+w*y
				}
			}
			got := twoModes.Denoise(xt[:], alpha, sigma)
			near(t, "x̂", got[0], mx/mass, 1e-6)
			near(t, "ŷ", got[1], my/mass, 1e-6)
			near(t, "p_t", math.Exp(logDensity(xt[:], alpha, sigma)), mass*step*step/(2*math.Pi*sigma*sigma), 1e-6)
		}
	}
}

var twoModes = Mixture{
	{Weight: 1, Mean: [2]float64{1, 0}, Std: 0.5},
	{Weight: 2, Mean: [2]float64{-1, 0.5}, Std: 0.3},
}

// Tweedie: α E[x₀|x_t] = x_t + σ² ∇ ln p_t.
func TestToyDenoiserIsTheScore(t *testing.T) {
	const h = 1e-5
	alpha, sigma := Cosine{}.AlphaSigma(0.4)
	x := [2]float64{0.2, 0.1}
	got := twoModes.Denoise(x[:], alpha, sigma)
	for i := range x {
		up, down := x, x
		up[i] += h
		down[i] -= h
		score := (logDensity(up[:], alpha, sigma) - logDensity(down[:], alpha, sigma)) / (2 * h)
		near(t, "x̂", got[i], (x[i]+sigma*sigma*score)/alpha, 1e-8)
	}
}

func TestToySamplesHaveTheMixturesMoments(t *testing.T) {
	const n = 200_000
	x := twoModes.Sample(rng.New(3, "toy", 0), n)
	var m [2]float64
	var xy float64
	for i := 0; i < 2*n; i += 2 {
		m[0], m[1], xy = m[0]+x[i]/n, m[1]+x[i+1]/n, xy+x[i]*x[i+1]/n
	}
	// Weights ⅓, ⅔: E x = −⅓, E y = ⅓, E xy = ⅔·(−0.5); standard errors are below 0.003.
	near(t, "E x", m[0], -1./3, 0.012)
	near(t, "E y", m[1], 1./3, 0.012)
	near(t, "E xy", xy, -1./3, 0.012)
}

func TestToyDenoiserAtTheEnds(t *testing.T) {
	x := []float64{0.7, -0.1}
	clean := twoModes.Denoise(x, 1, 0)
	near(t, "clean x", clean[0], x[0], 0)
	noise := Ring(5, 2, 0).Denoise(x, 0, 1)
	near(t, "pure noise gives the mean", noise[0], 0, 1e-12)
	if math.Abs(Ring(4, 2, 0).Denoise([]float64{9, 0}, 1, 1)[0]-2) > 1e-6 {
		t.Error("a point mass far from the others must draw the sample to itself")
	}
}

// The graph says what the host says, for points and for pictures of one pixel, and for one component where the condition names it.
func TestToyGraphEqualsHost(t *testing.T) {
	times := []float64{0.05, 0.4, 0.8, 1}
	flat := rng.Normal(rng.New(5, "toygraph", 0), 8)
	want := func(m Mixture) (values []float32) {
		for i, u := range times {
			alpha, sigma := Cosine{}.AlphaSigma(u)
			for _, v := range m.Denoise([]float64{float64(flat[2*i]), float64(flat[2*i+1])}, alpha, sigma) {
				values = append(values, float32(v))
			}
		}
		return values
	}
	for name, dims := range map[string][]int{"points": {4, 2}, "pictures": {4, 1, 1, 2}} {
		t.Run(name, func(t *testing.T) {
			got := run(t, func(in []*Node) *Node {
				out := twoModes.Denoiser()(in[0], LevelFrom(in[1]), Cond{})
				out.AssertDims(dims...)
				return out
			}, tensor(flat, dims...), levels(Cosine{}, times...))
			same(t, want(twoModes), got, 1e-4)
		})
	}
	got := run(t, func(in []*Node) *Node { return twoModes.Denoiser()(in[0], LevelFrom(in[1]), Cond{Pooled: in[2]}) },
		tensor(flat, 4, 2), levels(Cosine{}, times...), tensor([]float32{0, 1, 0, 1, 0, 1, 0, 1}, 4, 2))
	same(t, want(twoModes[1:]), got, 1e-4)

	// However near x is to another component.
	sharp := Ring(2, 1, 0.01)
	got = run(t, func(in []*Node) *Node { return sharp.Denoiser()(in[0], LevelFrom(in[1]), Cond{Pooled: in[2]}) },
		tensor([]float32{1, 0}, 1, 2), levels(Cosine{}, 0.05), tensor([]float32{0, 1}, 1, 2))
	near(t, "x̂ of the other component", float64(got[0]), -1, 0.1)
}
