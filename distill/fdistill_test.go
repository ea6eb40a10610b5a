package distill

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
)

func fDistilled(divergence string) func(*Config) {
	return func(c *Config) {
		c.Lambda, c.FeaturesNet, c.Times, c.TeacherGuidance = 0, teacherScope, []int{1000}, 2
		c.Discriminator.Image, c.Discriminator.Softplus = false, true
		c.Matching = aMatching()
		d := DefaultFDistill
		d.Divergence = divergence
		c.Method = &Named{d}
	}
}

// With the densities' own ratio, the weighed difference of the scores is the gradient of the divergence at the level: as in
// TestMatchingDescendsTheDivergence, the derivative by a parameter is (α²/σ²) E[h(r)·(μ_fake − μ_real)·∂x̂/∂θ].
func TestFDistillDescendsItsDivergence(t *testing.T) {
	const at, theta, h = .6, .2, 1e-3
	alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
	for name, of := range map[string]func(p, q float64) float64{ // of real and fake densities
		"rkl": func(p, q float64) float64 { return q * math.Log(q/p) },
		"kl":  func(p, q float64) float64 { return p * math.Log(p/q) },
		"js":  func(p, q float64) float64 { return p*math.Log(2*p/(p+q)) + q*math.Log(2*q/(p+q)) },
	} {
		for _, f := range families {
			x, moves := f.sample(theta, lawPictures)
			d, xt := difference(t, x, at, func(*Node) diffusion.Denoiser { return f.at(theta).Denoiser() })
			ratio := make([]float64, len(xt)/2)
			for i := range ratio {
				ratio[i] = density(toyRing, xt[2*i], xt[2*i+1], alpha, sigma) / density(f.at(theta), xt[2*i], xt[2*i+1], alpha, sigma)
			}
			weight := doubles(graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
				return []*Node{divergences[name](in[0])}
			}, tensors.FromFlatDataAndDimensions(ratio, len(ratio)))[0])
			for i := range d {
				d[i] *= weight[i/2]
			}
			mean, err := along(d, moves)
			scale := alpha * alpha / (sigma * sigma)
			got, tolerance := scale*mean, 4*scale*err
			total := func(theta float64) float64 { return integral(toyRing, f.at(theta), alpha, sigma, of) }
			want := (total(theta+h) - total(theta-h)) / (2 * h)
			if math.Abs(got-want) > tolerance || tolerance > math.Abs(want)/2 {
				t.Errorf("%s, %s by %g: slope %.4f ± %.4f, of the divergence %.4f", name, f.name, theta, got, tolerance, want)
			}
		}
	}
}

// By rkl all pictures weigh the same: the gradient is DMD's. By the others the likelier ones weigh more, within bounds, 1 in the mean.
func TestFDistillWeights(t *testing.T) {
	logits := []float64{-50, -1, 0, 1, 50}
	for name, want := range map[string][]float64{
		"rkl": {1, 1, 1, 1, 1}, "kl": {.1, math.Exp(-1), 1, math.E, 20},
		"js": {.1 / 1.1, 1 / (1 + math.E), .5, math.E / (1 + math.E), 20. / 21},
	} {
		d, mean := DefaultFDistill, 0.0
		d.Divergence = name
		for _, x := range want {
			mean += x / float64(len(want))
		}
		for i := range want {
			want[i] /= mean
		}
		got := doubles(graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{d.weight(d.ratio(in[0]))} }, tensors.FromFlatDataAndDimensions(logits, len(logits)))[0])
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// Ratios are divided by their mean over a tenth of t, which moves towards the batch's where it has pictures.
func TestFDistillEvensRatiosOverTimes(t *testing.T) {
	d, means := DefaultFDistill, []float64{1, 1, 1, 1, 1, 1, 1, 1, 2, 4}
	d.RatioEMA = .75
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		evened, next := d.even(in[0], in[1], in[2])
		return []*Node{evened, next}
	}, tensors.FromFlatDataAndDimensions([]float64{3, 1, 8, 4}, 4), tensors.FromFlatDataAndDimensions([]float64{.05, .06, .98, 1}, 4), tensors.FromFlatDataAndDimensions(means, tenths))
	want := [][]float64{{3 / 1.25, 1 / 1.25, 8 / 4.5, 4 / 4.5}, {1.25, 1, 1, 1, 1, 1, 1, 1, 2, 4.5}}
	if diff := cmp.Diff(want, [][]float64{doubles(out[0]), doubles(out[1])}, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
}

// A step by rkl moves the student as ADD's adversarial loss with the matching term does, where the discriminator sees the same; another
// divergence does not. Discriminator and fake score move, also
// without the student.
func TestFDistillStep(t *testing.T) {
	b := tinyBundle(t, 1)
	pulls := map[string]float64{}
	for _, divergence := range []string{"rkl", "js"} {
		n := newBench(t, tinyConfig(t, fDistilled(divergence)), b)
		before := snapshot(n.store)
		pulls[divergence] = n.take(t, 2)[1]["match_grad"]
		if diff := cmp.Diff([]string{discriminatorScope, fakeScope, "optimizer", "ratio_means", studentScope, studentEMAScope}, movedScopes(before, snapshot(n.store))); diff != "" {
			t.Errorf("%s moved (-want +got)\n%s", divergence, diff)
		}
	}
	if pulls["rkl"] == pulls["js"] || !(pulls["rkl"] > 0) {
		t.Errorf("pulls = %v, want two different ones", pulls)
	}
	twice := newBench(t, tinyConfig(t, fDistilled("js"), func(c *Config) { c.DiscriminatorUpdates = 2 }), b)
	batch, err := twice.feed.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	before, alone := snapshot(twice.store), twice.method.Updates(1)[0]
	twice.call(t, alone.Graph, alone.Draw(batch, 1))
	if diff := cmp.Diff([]string{discriminatorScope, fakeScope, "optimizer"}, movedScopes(before, snapshot(twice.store))); diff != "" {
		t.Errorf("the first of two updates moved (-want +got)\n%s", diff)
	}

	plain := newBench(t, tinyConfig(t, fDistilled("rkl"), func(c *Config) { c.Method = nil }), b)
	first := newBench(t, tinyConfig(t, fDistilled("rkl")), b)
	if want, got := plain.take(t, 1)[0]["match_grad"], first.take(t, 1)[0]["match_grad"]; math.Abs(want-got) > 1e-5*want || want == 0 {
		t.Errorf("pull by rkl = %g, want DMD's %g", got, want)
	}
}

func TestFDistillRefuses(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		`divergence = "tv", want one of ["js" "kl" "rkl"]`: func(c *Config) {
			c.Method = &Named{FDistill{Divergence: "tv", MinRatio: .1, MaxRatio: 2, RatioEMA: .9}}
		},
		"matching = <nil>, want set":             func(c *Config) { c.Matching = nil },
		"softplus = 1, false, want > 0 and true": func(c *Config) { c.Discriminator.Softplus = false },
		"lambda = 1, want 0":                     func(c *Config) { c.Lambda = 1 },
	} {
		cfg := tinyConfig(t, fDistilled("js"))
		edit(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}
