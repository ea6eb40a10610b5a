package distill

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// Laws of the methods in the toy world, where teacher, fake score and probability flow are known exactly.

// family is a student whose pictures depend on one parameter: at(0) is the data.
type family struct {
	name string
	at   func(theta float64) diffusion.Mixture
}

var families = []family{
	{"shifted", func(theta float64) diffusion.Mixture {
		m := slices.Clone(toyRing)
		for k := range m {
			m[k].Mean[0] += theta
		}
		return m
	}},
	{"wider", func(theta float64) diffusion.Mixture {
		m := slices.Clone(toyRing)
		for k := range m {
			m[k].Std += theta
		}
		return m
	}},
}

// sample draws n pictures, and how each moves with the parameter: the derivative of a picture whose mode and normal values stay.
func (f family) sample(theta float64, n int) (x, moves []float64) {
	const step = 1e-4
	m, near := f.at(theta), f.at(theta+step)
	x, moved := m.Sample(rng.New(5, "law", 0), n), near.Sample(rng.New(5, "law", 0), n)
	for i := range x {
		moves = append(moves, (moved[i]-x[i])/step)
	}
	return x, moves
}

// density is that of a diffused mixture at a point.
func density(m diffusion.Mixture, x, y, alpha, sigma float64) (sum float64) {
	for _, c := range m {
		v := alpha*alpha*c.Std*c.Std + sigma*sigma
		dx, dy := x-alpha*c.Mean[0], y-alpha*c.Mean[1]
		sum += c.Weight / float64(len(m)) * math.Exp(-(dx*dx+dy*dy)/(2*v)) / (2 * math.Pi * v)
	}
	return sum
}

// integral sums f of the densities of two diffused mixtures over a grid.
func integral(p, q diffusion.Mixture, alpha, sigma float64, f func(p, q float64) float64) (total float64) {
	const step = 0.1
	for x := -6.0; x < 6; x += step {
		for y := -6.0; y < 6; y += step {
			if a, b := density(p, x, y, alpha, sigma), density(q, x, y, alpha, sigma); min(a, b) > 1e-200 {
				total += f(a, b) * step * step
			}
		}
	}
	return total
}

// divergence is KL(p ‖ q) of two diffused mixtures.
func divergence(p, q diffusion.Mixture, alpha, sigma float64) float64 {
	return integral(p, q, alpha, sigma, func(a, b float64) float64 { return a * math.Log(a/b) })
}

// difference is μ_fake − μ_real at pictures diffused to t, which is matchingPull without its scale, and the diffused pictures.
func difference(t *testing.T, x []float64, at float64, fake func(x0 *Node) diffusion.Denoiser) (d, xt []float64) {
	t.Helper()
	n := len(x) / 2
	alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
	noise, levels, eps := rng.New(6, "law", 0), slices.Repeat([]float64{at, alpha, sigma}, n), make([]float64, len(x))
	for i := range eps {
		eps[i] = noise.NormFloat64()
		xt = append(xt, alpha*x[i]+sigma*eps[i])
	}
	points := func(v []float64) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(v, n, 1, 1, 2) }
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		x0, level, real := in[0], diffusion.LevelFrom(in[2]), toyRing.Denoiser()
		pull := matchingPull(x0, in[1], level, fake(x0), real, diffusion.Cond{})
		taught := real(diffusion.Diffuse(x0, in[1], level), level, diffusion.Cond{})
		return []*Node{Mul(pull, AddScalar(ReduceAndKeep(Abs(Sub(x0, taught)), ReduceMean, 1, 2, 3), 1e-3))}
	}, points(x), points(eps), tensors.FromFlatDataAndDimensions(levels, n, 3))
	return doubles(out[0]), xt
}

// along is the mean over pictures of d·v, and its standard error.
func along(d, v []float64) (mean, err float64) {
	dots := make([]float64, len(d)/2)
	for i := range dots {
		dots[i] = d[2*i]*v[2*i] + d[2*i+1]*v[2*i+1]
	}
	mean, deviation := stat.MeanStdDev(dots, nil)
	return mean, deviation / math.Sqrt(float64(len(dots)))
}

const lawPictures = 20000

// The difference of the scores is the gradient of KL(student ‖ teacher) at the level (DMD eq. 2). With x_t = α x̂ + σ ε and
// ∇ ln p_fake − ∇ ln p_real = (α/σ²)(μ_fake − μ_real), the derivative by a parameter is (α²/σ²) E[(μ_fake − μ_real)·∂x̂/∂θ].
// Where student and teacher are one it vanishes at every picture.
func TestMatchingDescendsTheDivergence(t *testing.T) {
	const h = 1e-3
	for _, f := range families {
		for _, theta := range []float64{0, 0.2, -0.15} {
			for _, at := range []float64{0.3, 0.6} {
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
				x, moves := f.sample(theta, lawPictures)
				d, _ := difference(t, x, at, func(*Node) diffusion.Denoiser { return f.at(theta).Denoiser() })
				if theta == 0 {
					if most := floats.Norm(d, math.Inf(1)); most != 0 {
						t.Errorf("%s by nothing, t = %g: the scores differ by %g, want 0", f.name, at, most)
					}
					continue
				}
				mean, err := along(d, moves)
				scale := alpha * alpha / (sigma * sigma)
				got, tolerance := scale*mean, 4*scale*err
				want := (divergence(f.at(theta+h), toyRing, alpha, sigma) - divergence(f.at(theta-h), toyRing, alpha, sigma)) / (2 * h)
				if math.Abs(got-want) > tolerance || tolerance > math.Abs(want)/2 {
					t.Errorf("%s by %g, t = %g: slope %.4f ± %.4f, of the divergence %.4f", f.name, theta, at, got, tolerance, want)
				}
			}
		}
	}
}

// The fake score learns from single pictures, whose mean given x_t it becomes. Where the picture itself stands for it, the difference does
// not vanish at each x_t, but in the mean against any function of x_t, if the student draws the data. Here the functions are a constant,
// which sees a shift, and x_t itself, which sees a width.
func TestMatchingVanishesInTheMeanOnData(t *testing.T) {
	picture := func(x0 *Node) diffusion.Denoiser {
		return func(*Node, diffusion.Level, diffusion.Cond) *Node { return x0 }
	}
	right := slices.Repeat([]float64{1, 0}, lawPictures)
	for _, f := range families {
		for _, theta := range []float64{0, 0.2} {
			for _, at := range []float64{0.3, 0.6} {
				x, _ := f.sample(theta, lawPictures)
				d, xt := difference(t, x, at, picture)
				for seen, v := range map[string][]float64{"shifted": right, "wider": xt} {
					mean, err := along(d, v)
					if theta == 0 && math.Abs(mean) > 4*err || theta != 0 && seen == f.name && math.Abs(mean) < 8*err {
						t.Errorf("%s by %g, t = %g: mean %.4f with standard error %.4f", f.name, theta, at, mean, err)
					}
				}
			}
		}
	}
}

// gridSolution is the consistency function that agrees with itself on a grid of so many steps: at each of its times what the target says
// there, given what it is one step below.
func gridSolution(k, grid int) diffusion.Denoiser {
	if k == 0 {
		return func(z *Node, _ diffusion.Level, _ diffusion.Cond) *Node { return AddScalar(z, 1) } // wrong: at t = 0 none is asked
	}
	return func(z *Node, level diffusion.Level, cond diffusion.Cond) *Node {
		at := float64(k-1) / float64(grid)
		alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
		like := func(v float64) *Node { return AddScalar(MulScalar(level.T, 0), v) }
		lower := diffusion.Level{T: like(at), Alpha: like(alpha), Sigma: like(sigma)}
		return consistencyTarget(toyRing.Denoiser(), gridSolution(k-1, grid), z, level, lower, cond)
	}
}

// The fixed point of consistency distillation on a grid of N steps is the teacher's DDIM in N steps: the map that the student can at best
// learn. As the grid grows it becomes the probability-flow map, with an error that halves with the steps.
func TestConsistencyHasTheSolverAsFixedPoint(t *testing.T) {
	const points = 24
	r, z := rng.New(8, "start", 0), make([]float64, 2*points)
	for i := range z {
		z[i] = r.NormFloat64()
	}
	exact, err := toyRing.Solve(diffusion.Cosine{}, diffusion.UniPC{Grid: diffusion.GridLogSNR}, 2000, z)
	if err != nil {
		t.Fatal(err)
	}
	var logStep, logErr []float64
	for _, grid := range []int{16, 32, 64} {
		out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{gridSolution(grid, grid)(in[0], diffusion.LevelFrom(in[1]), diffusion.Cond{})}
		}, tensors.FromFlatDataAndDimensions(slices.Clone(z), points, 1, 1, 2), tensors.FromFlatDataAndDimensions(slices.Repeat([]float64{1, 0, 1}, points), points, 3))
		said := doubles(out[0])
		solved, err := toyRing.Solve(diffusion.Cosine{}, diffusion.DDIM{}, grid, z)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(solved, said, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("grid of %d (-DDIM +fixed point)\n%s", grid, diff)
		}
		logStep, logErr = append(logStep, -math.Log(float64(grid))), append(logErr, math.Log(floats.Distance(said, exact, 2)))
	}
	if _, order := stat.LinearRegression(logStep, logErr, nil, false); !(order > 0.8 && order < 1.2) {
		t.Errorf("logarithms of errors %.3g fall with order %.2f of the step, want 1", logErr, order)
	}
}
