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

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

func reflowed(c *Config) {
	byRegression(c)
	c.Method = &Named{Reflow{Pairs: c.Method.Settings.(Regression).Pairs, Regress: .5, Bound: 1e6}}
}

// Of one Gaussian N(m, s²) the pairs are (ε, m + s·ε). A point of a path then tells its pair, so that the best student has no loss, and
// its paths are straight: one step ends where four do. The teacher's own paths are bent.
func TestReflowOfAGaussianIsStraight(t *testing.T) {
	const s = .5
	world := diffusion.Mixture{{Weight: 1, Mean: [2]float64{1, -2}, Std: s}}
	best := func(x []float64, alpha, sigma float64) []float64 {
		out := make([]float64, len(x))
		for i := range x {
			mean := world[0].Mean[i%2]
			out[i] = mean + s*(x[i]-alpha*mean)/(alpha*s+sigma)
		}
		return out
	}
	r, eps, want := rng.New(9, "law", 0), make([]float64, 64), make([]float64, 64)
	for i := range eps {
		eps[i] = r.NormFloat64()
		want[i] = world[0].Mean[i%2] + s*eps[i]
	}
	for name, c := range map[string]struct {
		denoise  func(x []float64, alpha, sigma float64) []float64
		straight bool
	}{"student": {best, true}, "teacher": {world.Denoise, false}} {
		for _, steps := range []int{1, 2, 4} {
			plan, err := diffusion.FewStep{Form: diffusion.ODE}.Plan(diffusion.Cosine{}, steps)
			if err != nil {
				t.Fatal(err)
			}
			got := diffusion.Apply(plan, eps, func(x []float64, at float64) []float64 {
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
				return c.denoise(x, alpha, sigma)
			}, nil)
			if straight := cmp.Equal(want, got, cmpopts.EquateApprox(0, 1e-9)); straight != c.straight {
				t.Errorf("%s in %d steps ends at the pair: %v, want %v", name, steps, straight, c.straight)
			}
		}
	}
	// The loss of both on one path.
	alpha, sigma := diffusion.Cosine{}.AlphaSigma(.6)
	var xt []float64
	for i := range eps {
		xt = append(xt, alpha*want[i]+sigma*eps[i])
	}
	loss := func(said []float64) float64 {
		points := func(v []float64) *tensors.Tensor {
			return tensors.FromFlatDataAndDimensions(slices.Clone(v), len(v), 1, 1, 1)
		}
		out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{DistillLoss(in[0], in[1], Reshape(in[2], len(eps)), 1)}
		}, points(said), points(want), points(slices.Repeat([]float64{1 / (sigma * sigma)}, len(eps))))
		return doubles(out[0])[0]
	}
	if own, teacher := loss(best(xt, alpha, sigma)), loss(world.Denoise(xt, alpha, sigma)); own > 1e-20 || teacher < .01 {
		t.Errorf("loss of the best student %g, of the teacher %g, want 0 and more", own, teacher)
	}
}

// With the weights that are drawn, the mean over even t is 2/π of rectified flow's mean over even r of ‖v − v̂‖² = ‖x₀ − x̂₀‖²/r².
func TestReflowHasTheLossOfRectifiedFlow(t *testing.T) {
	wrong := func(at float64) float64 { return at * at * (2 - math.Cos(3*at)) } // some ‖x₀ − x̂₀‖² along a path
	const n = 100000
	var byR, byT float64
	for i := range n {
		u := (float64(i) + .5) / n
		at := math.Atan2(u, 1-u) * 2 / math.Pi // r = σ/(α+σ)
		byR += wrong(at) / (u * u) / n
		_, sigma := diffusion.Cosine{}.AlphaSigma(u)
		byT += wrong(u) / (sigma * sigma) / n
	}
	if ratio := byR / byT; math.Abs(ratio-math.Pi/2) > 1e-3 {
		t.Errorf("ratio of the losses = %g, want π/2", ratio)
	}
	cfg := tinyConfig(t, reflowed)
	s, err := newSetup(cfg, tinyBundle(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	n1 := newBench(t, cfg, s.base)
	batch, err := n1.feed.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	for step, regressing := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		in := n1.method.Updates(step)[0].Draw(batch, step).(reflowInputs[*tensors.Tensor])
		for i, level := range levels(in.Level) {
			if weight := float64(graphtest.Floats(in.Weight)[i]); math.Abs(weight*level[2]*level[2]-1) > 1e-5 || (level[0] == 1) != regressing {
				t.Errorf("step %d: weight %g at t = %g, want 1/σ², and t = 1 in the last half", step, weight, level[0])
			}
		}
	}
}

// Both halves learn, and the paths' ends are those of the student's pairs.
func TestReflowLearnsItsPairs(t *testing.T) {
	cfg := tinyConfig(t, reflowed, func(c *Config) { c.Batch, c.Steps, c.StudentRate.Peak = 16, 30, 5e-3 })
	curve := newBench(t, cfg, tinyBundle(t, 1)).take(t, cfg.Steps)
	if first, last := curve[cfg.Steps/2]["distill"], curve[cfg.Steps-1]["distill"]; !(last < first) || !(curve[cfg.Steps/2-1]["distill"] < curve[0]["distill"]) {
		t.Errorf("loss of the first half from %g to %g, of the regression from %g to %g, want both to fall", curve[0]["distill"], curve[cfg.Steps/2-1]["distill"], first, last)
	}
}
