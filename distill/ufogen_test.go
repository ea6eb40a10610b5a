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
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

func diffusionGAN(c *Config) {
	c.Lambda, c.FeaturesNet, c.Discriminator.Image, c.Discriminator.Level = .5, teacherScope, false, true
	c.Method = &Named{DefaultUFOGen}
}

// The discriminator sees the next lower time; the reconstruction weighs nothing at pure noise.
func TestUFOGenLevels(t *testing.T) {
	in := drawStep[ufogenInputs[*tensors.Tensor]](tinyConfig(t, diffusionGAN), 1)
	next := map[float64]float64{1: .75, .75: .5, .5: .25, .25: 0}
	real, fake := levels(in.RealAt), levels(in.FakeAt)
	for i, level := range levels(in.Level) {
		want := min(5, level[1]*level[1]/(level[2]*level[2]))
		if level[0] == 1 {
			want = 0
		}
		if real[i][0] != next[level[0]] || fake[i][0] != next[level[0]] || math.Abs(float64(graphtest.Floats(in.Weight)[i])-want) > 1e-5 {
			t.Errorf("s = %g: levels %g and %g, weight %g, want %g and %g", level[0], real[i][0], fake[i][0], graphtest.Floats(in.Weight)[i], next[level[0]], want)
		}
	}
	cfg := tinyConfig(t, diffusionGAN)
	cfg.Discriminator.Renoise = &discriminator.Renoise{SD: 1}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "discriminator.renoise") {
		t.Errorf("error = %v, want the noise refused that the method would replace", err)
	}
}

// A step's loss and the student's gradient are those of the equation written down directly.
func TestUFOGenFollowsTheEquations(t *testing.T) {
	b, cfg := tinyBundle(t, 1), tinyConfig(t, diffusionGAN)
	n := newBench(t, cfg, b)
	m := n.method.(*ufogen)
	opt := studentAdamW(cfg)
	opt.Beta1, opt.ClipNorm = 0, 0 // first moments without memory are the gradients
	m.studentOptimiser = opt
	got := n.call(t, m.Updates(1)[0].Graph, inputsOf[ufogenInputs[*tensors.Tensor]](t, n, 1))

	fresh := newBench(t, cfg, b)
	in := inputsOf[ufogenInputs[*tensors.Tensor]](t, fresh, 1)
	in.Decay, in.HeadsRate, in.RealNoise, in.RealAt, in.RealView = nil, nil, nil, nil, nil
	want := fresh.call(t, train.GraphOf(func(root *model.Scope, in ufogenInputs[*Node]) map[string]*Node {
		s := networks{setup: m.setup, root: root}
		text, level := s.text(in.Caption), diffusion.LevelFrom(in.Level)
		x0 := s.student()(diffusion.Diffuse(in.Real, in.Noise, diffusion.LevelFrom(in.Start)), level, text)
		heads := discriminator.Bind(root.At(discriminatorScope), x0.Graph(), cfg.Discriminator, true)
		at := diffusion.LevelFrom(in.FakeAt)
		tokens := discriminator.Features(func(img *Node) []*Node { return s.features(diffusion.Diffuse(img, in.FakeNoise, at), at, text) }, x0, in.FakeView, cfg.Discriminator)
		adversarial := discriminator.GeneratorLoss(heads.Logits(tokens, discriminator.Condition(cfg.Discriminator, discriminator.Conditions{Text: text.Pooled, Level: at.T})))
		reconstruction := directLoss(x0, in.Real, in.Weight, cfg.Reduction)
		total := Add(adversarial, MulScalar(reconstruction, cfg.Lambda))
		return map[string]*Node{"g_adv": adversarial, "distill": reconstruction, "student_grad": opt.Update(optim.Variables(root.At(studentScope), x0.Graph()), total, in.StudentRate)}
	}), in)
	for name, x := range want {
		if diff := cmp.Diff(x, got[name], cmpopts.EquateApprox(1e-4, 0)); diff != "" || x == 0 {
			t.Errorf("%s (-want +got), want not 0:\n%s", name, diff)
		}
	}
}
