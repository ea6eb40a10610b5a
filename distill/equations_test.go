package distill

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// The two terms are taken apart at x̂_θ, and at the heads' inputs, only to be watched and to share passes: the losses, and the gradients
// that the optimisers see, are those of ADD eq. 1 – 4 written down directly.
func TestStepFollowsTheEquations(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(c *Config)
	}{
		{"default", func(*Config) {}},
		{"other weights, sum over pixels", func(c *Config) {
			c.Adversarial, c.Lambda, c.Reduction, c.Discriminator.R1Weight = 0.5, 7, Sum, 0.1
		}},
		{"mean over pixels", func(c *Config) { c.Reduction = Mean }},
		{"R1 in every fourth step weighs four times", func(c *Config) { c.Discriminator.R1Weight, c.Discriminator.R1Every = 0.05, 4 }},
		{"sds, unconditional heads, guided teacher in two steps", func(c *Config) {
			c.Weighting, c.TeacherGuidance, c.TeacherSteps = "sds", 3, 2
			c.Discriminator.Text, c.Discriminator.Image = false, false
		}},
		{"nfsd", func(c *Config) { c.Weighting = "nfsd" }},
		{"through the teacher's encoder", func(c *Config) { c.FeaturesNet = teacherScope }},
		{"through the teacher's encoder at new noise", func(c *Config) {
			c.FeaturesNet, c.Discriminator.Renoise = teacherScope, &discriminator.Renoise{SD: 1}
		}},
		{"heads that are told the student's time", func(c *Config) { c.Discriminator.StudentTime = true }},
		{"later times reconstruct", func(c *Config) { c.Reconstruct = .5 }},
		{"features at new noise", func(c *Config) { c.Discriminator.Renoise = &discriminator.Renoise{Mean: -1, SD: 1} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := tinyBundle(t, 1)
			cfg := tinyConfig(t, test.edit)
			n := newBench(t, cfg, b)

			// First moments without memory are the gradients.
			m := n.method.(*add)
			opt := studentAdamW(cfg)
			opt.Beta1, opt.ClipNorm, m.headsOptimiser.Beta1 = 0, 0, 0
			m.studentOptimiser = opt
			withR1 := m.Updates(cfg.Discriminator.R1Every)[0].Graph
			got := n.call(t, withR1, inputsOf[addInputs[*tensors.Tensor]](t, n, 1))

			fresh := newBench(t, cfg, b)
			in := inputsOf[addInputs[*tensors.Tensor]](t, fresh, 1)
			in.Start, in.Decay = nil, nil
			want := fresh.call(t, train.GraphOf(func(root *model.Scope, in addInputs[*Node]) map[string]*Node {
				return directly(m, root, in)
			}), in)

			for name, x := range want {
				if diff := cmp.Diff(x, got[name], cmpopts.EquateApprox(1e-4, 0)); diff != "" || x == 0 {
					t.Errorf("%s (-want +got), want not 0:\n%s", name, diff)
				}
			}
			direct, moments := snapshot(fresh.store), snapshot(n.store)
			for _, of := range []string{studentScope, discriminatorScope} {
				want, got := flat(below(direct, "optimizer/"+of+"/m")), flat(below(moments, "optimizer/"+of+"/m"))
				near(t, "gradient of "+of, want, got, 1e-4)
			}
		})
	}
}

// directly is a step of ADD as the paper writes it.
func directly(m *add, root *model.Scope, in addInputs[*Node]) map[string]*Node {
	n, cfg, d := networks{setup: m.setup, root: root}, m.cfg, m.cfg.Discriminator
	text, level := n.text(in.Caption), diffusion.LevelFrom(in.Level)
	x0 := n.student()(diffusion.Diffuse(in.Real, in.Noise, level), level, text)

	heads := discriminator.Bind(root.At(discriminatorScope), x0.Graph(), d, true)
	tokens := func(img, view, noise, at *Node) []*Node {
		return discriminator.Features(func(img *Node) []*Node {
			if at == nil {
				return n.features(img, diffusion.Level{}, text)
			}
			level := diffusion.LevelFrom(at)
			if noise != nil {
				img = Add(Mul(level.Like(img).Alpha, img), Mul(level.Like(img).Sigma, noise))
			}
			return n.features(img, level, text)
		}, img, view, d)
	}
	fake := func(img *Node) []*Node { return tokens(img, in.FakeView, in.FakeNoise, in.FakeAt) }
	sees := LessThan(level.T, OnesLike(level.T)) // all but pure noise
	image := Mul(n.imageEmbedding(in.studentInputs), InsertAxes(ConvertDType(sees, x0.DType()), 1))
	cond := discriminator.Condition(d, discriminator.Conditions{Text: text.Pooled, Image: image, StudentTime: level.T})
	eq2 := discriminator.GeneratorLoss(heads.Logits(fake(x0), cond))
	logits, r1 := heads.LogitsR1(tokens(in.Real, in.RealView, in.RealNoise, in.RealAt), cond)
	eq3 := discriminator.DiscriminatorLoss(logits, heads.Logits(fake(StopGradient(x0)), cond), r1, d.R1Weight*float64(d.R1Every))

	var target *Node
	if levels := levelsFrom(in.TeacherLevels); m.nfsd() {
		target = levels.nfsdTarget(n.teacher(), StopGradient(x0), in.TeacherNoise, text, n.text(in.Empty), n.text(in.Negative), 7.5)
	} else {
		target = levels.target(n.guidedTeacher(in.Empty), StopGradient(x0), in.TeacherNoise, text)
	}
	eq4 := directLoss(x0, target, in.Weight, cfg.Reduction)
	adversarial, distill := MulScalar(eq2, cfg.Adversarial), MulScalar(eq4, cfg.Lambda)

	losses := map[string]*Node{
		"g_adv": eq2, "distill": eq4, "d_real": eq3.Real, "d_fake": eq3.Fake, "r1": r1,
		"adv_grad": l2(Gradient(adversarial, x0)[0]), "distill_grad": l2(Gradient(distill, x0)[0]),
	}
	total := Add(adversarial, distill)
	if m.cfg.Reconstruct > 0 {
		weight := MulScalar(MinScalar(Div(Square(level.Alpha), Square(level.Sigma)), 1), m.cfg.Reconstruct)
		weight = Mul(weight, ConvertDType(sees, weight.DType()))
		losses["reconstruct"] = directLoss(x0, in.Real, weight, cfg.Reduction)
		total = Add(total, losses["reconstruct"])
	}
	losses["student_grad"] = m.studentOptimiser.Update(optim.Variables(root.At(studentScope), x0.Graph()), total, in.StudentRate)
	losses["d_grad"] = m.headsOptimiser.Update(optim.Variables(root.At(discriminatorScope), x0.Graph()), eq3.Total, in.HeadsRate)
	return losses
}

// directLoss is E[c(t)·d(x̂_θ, sg(x̂_ψ))] with d summed over the picture, over each patch of 4×4 pixels with the mean over patches, or
// averaged over all values.
func directLoss(x0, target, weight *Node, reduction string) *Node {
	squares := Square(Sub(x0, StopGradient(target)))
	b := x0.Shape().Dim(0)
	var d *Node // [B]
	switch reduction {
	case Sum:
		d = ReduceSum(squares, 1, 2, 3)
	case Patch:
		d = ReduceMean(ReduceSum(Reshape(squares, b, 2, 4, 2, 4, 3), 2, 4, 5), 1, 2)
	case Mean:
		d = ReduceMean(squares, 1, 2, 3)
	}
	return ReduceAllMean(Mul(weight, d))
}
