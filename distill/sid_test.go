package distill

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/train/optim"
)

func scoreIdentical(c *Config) {
	c.Adversarial, c.Lambda, c.Times, c.TeacherGuidance = 0, 0, []int{1000}, 2
	c.Matching = &Matching{Weight: 1, From: 1, Min: 20, Max: 980, Rate: optim.Rate{Peak: 1e-3}}
	c.Method = &Named{DefaultSiD}
}

// Of a student N(m, s²) and a teacher N(0, s²) both scores are known: μ_real − μ_fake = −m·(1 − α·a) everywhere, a = α·s²/(α²·s² + σ²), and
// the Fisher divergence of the two is its square. With scores that are fixed the slope of the loss by m is half of the divergence's at
// every picture, whatever SiD's α: the student goes to m = 0.
func TestScoreIdentityOfGaussians(t *testing.T) {
	const s, n, at = .5, 16, .6
	alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
	a := alpha * s * s / (alpha*alpha*s*s + sigma*sigma)
	shifted := func(mean float64) diffusion.Denoiser {
		return func(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
			return AddScalar(MulScalar(AddScalar(xt, -alpha*mean), a), mean)
		}
	}
	noise := graphtest.Floats(graphtest.Normals(1, 2*n))
	for _, m := range []float64{0, .3, -.7} {
		for _, share := range []float64{.5, 1, 1.2} {
			x, eps := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i], eps[i] = m+s*float64(noise[i]), float64(noise[n+i])
			}
			picture := func(v []float64) *tensors.Tensor {
				return tensors.FromFlatDataAndDimensions(slices.Clone(v), n, 1, 1, 1)
			}
			out := graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
				level := diffusion.LevelFrom(in[2])
				loss := scoreIdentity(in[0], in[1], level, shifted(m), shifted(0), diffusion.Cond{}, share)
				taught := shifted(0)(diffusion.Diffuse(in[0], in[1], level), level, diffusion.Cond{})
				scale := AddScalar(Abs(Sub(in[0], taught)), 1e-3)
				return []*Node{MulScalar(Mul(Gradient(loss, in[0])[0], scale), n)}
			}, picture(x), picture(eps), tensors.FromFlatDataAndDimensions(slices.Repeat([]float64{at, alpha, sigma}, n), n, 3))
			for i, slope := range doubles(out[0]) {
				if want := m * (1 - alpha*a) * (1 - alpha*a); math.Abs(slope-want) > 1e-9 {
					t.Errorf("m = %g, α = %g, picture %d: slope %g, want half of the divergence's: %g", m, share, i, slope, want)
				}
			}
		}
	}
}

// Student and fake score move, the teacher does not, with and without a discriminator.
func TestSiDStep(t *testing.T) {
	b := tinyBundle(t, 1)
	for adversarial, want := range map[float64][]string{
		0: {fakeScope, "optimizer", studentScope, studentEMAScope}, .1: {discriminatorScope, fakeScope, "optimizer", studentScope, studentEMAScope},
	} {
		n := newBench(t, tinyConfig(t, scoreIdentical, func(c *Config) { c.Adversarial = adversarial }), b)
		before := snapshot(n.store)
		if at := n.take(t, 1)[0]; !(at["match_grad"] > 0) || !(at["fake_score"] > 0) || (at["adv_grad"] > 0) != (adversarial > 0) {
			t.Errorf("%v, want gradients", at)
		}
		if diff := cmp.Diff(want, movedScopes(before, snapshot(n.store))); diff != "" {
			t.Errorf("moved (-want +got)\n%s", diff)
		}
	}
}

// The discriminator beside SiD is ADD's: it sees clean pictures, decoded ones too, and has no level to be told.
func TestSiDShowsItsDiscriminatorCleanPictures(t *testing.T) {
	cfg := tinyConfig(t, scoreIdentical, func(c *Config) { c.Adversarial = .1 })
	if _, err := newMethod(cfg, tinyLatent(t, "sd")); err != nil {
		t.Errorf("decoded pictures: error %v", err)
	}
	cfg.Discriminator.Level = true
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "discriminator.level = true, want false without discriminator.renoise") {
		t.Errorf("a level: error %v", err)
	}
	if _, err := newMethod(tinyConfig(t, fDistilled("js"), func(c *Config) { c.FeaturesNet = "" }), tinyLatent(t, "sd")); err == nil || !strings.Contains(err.Error(), `features_net = "features", want "teacher"`) {
		t.Errorf("diffused pictures: error %v", err)
	}
}
