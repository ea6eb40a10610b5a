package distill

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// The two terms are taken apart at x̂_θ, and at the heads' inputs, only to be watched and to share passes: the gradients that the
// optimisers see are those of ADD eq. 1 and 3 written down directly.
func TestStepFollowsTheEquations(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(c *Config)
	}{
		{"default", func(*Config) {}},
		{"other weights, sum over pixels", func(c *Config) { c.Adversarial, c.Lambda, c.Reduction, c.Discriminator.R1Weight = 0.5, 7, Sum, 0.1 }},
		{"mean over pixels", func(c *Config) { c.Reduction = Mean }},
		{"R1 in every fourth step weighs four times", func(c *Config) { c.Discriminator.R1Weight, c.Discriminator.R1Every = 0.05, 4 }},
		{"sds, unconditional heads, guided teacher in two steps", func(c *Config) {
			c.Weighting, c.TeacherGuidance, c.TeacherSteps = "sds", 3, 2
			c.Discriminator.Text, c.Discriminator.Image = false, false
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := tinyBundle(t, 1)
			cfg := tinyConfig(t, test.edit)
			n := newBench(t, cfg, b)

			// First moments without memory are the gradients.
			s := newStep(cfg, newNets(b, cfg), true)
			student := studentAdamW(cfg)
			student.Beta1, student.ClipNorm, s.discriminator.Beta1 = 0, 0, 0
			s.student = student
			graphtest.Run(t, n.store, s.build, n.inputs(t, 1)...)
			moments := below(snapshot(n.store), "optimizer")

			fresh := newBench(t, cfg, b)
			var paths []string
			direct := graphtest.Run(t, fresh.store, func(root *model.Scope, args []*Node) []*Node {
				in, nets := inputsFrom(args), nets{root: root, bundle: b, cfg: cfg}
				g, d := in.real.Graph(), cfg.Discriminator
				text, level := nets.text(in.ids), diffusion.LevelFrom(in.level)
				x0 := nets.student()(diffusion.Diffuse(in.real, in.noise, level), level, text)

				heads := discriminator.Bind(root.At(discriminatorScope), g, d, true)
				tokens := func(img, view *Node) []*Node {
					return discriminator.Features(nets.features, img, view, d, tinyworld.Size)
				}
				cond := discriminator.Condition(d, text.Pooled, Mul(nets.imageEmbedding(in.real), InsertAxes(in.seesImage, 1)))
				generator := discriminator.GeneratorLoss(heads.Logits(tokens(x0, in.fakeView), cond))
				teacher := nets.teacher()
				if cfg.TeacherGuidance > 0 {
					teacher = diffusion.Guide(teacher, Scalar(g, x0.DType(), cfg.TeacherGuidance), nets.text(in.null))
				}
				target := levelsFrom(in.teacherT).target(teacher, StopGradient(x0), in.teacherNoise, text)
				eq1 := Add(MulScalar(generator, cfg.Adversarial), MulScalar(directLoss(x0, target, in.weight, cfg.Reduction), cfg.Lambda))

				logits, r1 := heads.LogitsR1(tokens(in.real, in.realView), cond)
				eq3 := discriminator.DiscriminatorLoss(logits, heads.Logits(tokens(StopGradient(x0), in.fakeView), cond), r1, d.R1Weight*float64(d.R1Every)).Total

				var gradients []*Node
				for _, part := range []struct {
					scope string
					loss  *Node
				}{{studentScope, eq1}, {discriminatorScope, eq3}} {
					var values []*Node
					for _, v := range optim.Variables(root.At("%s", part.scope), g) {
						paths, values = append(paths, part.scope+"/m"+v.Path()), append(values, v.NodeValue(g))
					}
					gradients = append(gradients, Gradient(part.loss, values...)...)
				}
				// Some engines want every input used.
				unused := MulScalar(Add(Add(ReduceAllSum(in.studentRate), ReduceAllSum(in.discRate)), Add(in.decay, ReduceAllSum(nets.text(in.negative).Pooled))), 0)
				return append(gradients, Add(unused, MulScalar(ReduceAllSum(nets.text(in.null).Pooled), 0)))
			}, fresh.inputs(t, 1)...)

			var want, got []float32
			for i, path := range paths {
				want, got = append(want, graphtest.Floats(direct[i])...), append(got, moments[path]...)
				if i == len(paths)-1 || !strings.HasPrefix(paths[i+1], strings.Split(path, "/")[0]) {
					near(t, strings.Split(path, "/")[0], want, got, 1e-4)
					want, got = nil, nil
				}
			}
		})
	}
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

func TestR1Every(t *testing.T) {
	n := newBench(t, tinyConfig(t, func(c *Config) { c.Discriminator.R1Every = 2 }), tinyBundle(t, 1))
	for i, at := range n.take(t, 4) {
		if step := i + 1; (at["r1"] != 0) != (step%2 == 0) {
			t.Errorf("step %d: r1 = %g, want a penalty in every second step only", step, at["r1"])
		}
	}
}

// studentStep alone, on a student that is one matrix: the gradient of ⟨x̂_θ, sg(∂L/∂x̂_θ)⟩ is that of L.
func TestSurrogateGradient(t *testing.T) {
	store := model.NewStore()
	if _, err := store.CreateVariable("/student/w", graphtest.Normals(1, 3, 12)); err != nil {
		t.Fatal(err)
	}
	opt := optim.AdamW{Name: "student", Epsilon: 1e-8} // no memory: the first moment is the gradient
	out := graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		w := store.GetVariable("/student/w").NodeValue(in[0].Graph())
		x0 := Reshape(Tanh(Dot(in[0], w).Product()), 2, 2, 2, 3)
		adversarial := func(x *Node) *Node { return Neg(ReduceAllMean(Sin(x))) }
		distill := func(x *Node) *Node { return MulScalar(ReduceAllSum(Mul(Sub(x, in[1]), Sub(x, in[1]))), 2.5) }
		direct := Gradient(Add(adversarial(x0), distill(x0)), w)[0]

		clean := Identity(StopGradient(x0))
		a, d := Gradient(adversarial(clean), clean)[0], Gradient(distill(clean), clean)[0]
		advNorm, distillNorm, gradNorm := studentStep(root, opt, x0, a, d, in[2], Scalar(in[0].Graph(), w.DType(), 0.9))
		return []*Node{direct, advNorm, distillNorm, gradNorm, a, d}
	}, graphtest.Normals(2, 2, 3), graphtest.Normals(3, 2, 2, 2, 3), train.F32(opt.Coefficients(1e-3, 1), 3))

	norm := func(x *tensors.Tensor) []float32 { return []float32{float32(l2(graphtest.Floats(x)))} }
	near(t, "gradient", graphtest.Floats(out[0]), snapshot(store)["/optimizer/student/m/student/w"], 1e-5)
	near(t, "norm of the adversarial term", norm(out[4]), graphtest.Floats(out[1]), 1e-5)
	near(t, "norm of the distillation term", norm(out[5]), graphtest.Floats(out[2]), 1e-5)
	near(t, "norm of the student's gradient", norm(out[0]), graphtest.Floats(out[3]), 1e-5)
}

// The gradient that judge passes back is that of L_adv^G through heads, frozen features and augmentation, written down directly;
// the discriminator's loss passes none.
func TestJudgeGradient(t *testing.T) {
	b := tinyBundle(t, 1)
	for _, weight := range []float64{1, 0.3} {
		cfg := tinyConfig(t, func(c *Config) { c.Adversarial = weight })
		n := newBench(t, cfg, b)
		inputs := n.inputs(t, 1)
		out := graphtest.Run(t, n.store, func(root *model.Scope, args []*Node) []*Node {
			real, x0, realView, fakeView, text := args[0], args[1], args[2], args[3], args[4]
			s := newStep(cfg, nets{root: root, bundle: b, cfg: cfg}, true)
			d := cfg.Discriminator
			cond := discriminator.Condition(d, text, s.nets.imageEmbedding(real))
			heads := discriminator.Bind(root.At(discriminatorScope), real.Graph(), d, false)
			judged := s.judge(heads, real, x0, realView, fakeView, cond, true)
			loss := discriminator.GeneratorLoss(heads.Logits(discriminator.Features(s.nets.features, x0, fakeView, d, tinyworld.Size), cond))
			direct := Gradient(MulScalar(loss, weight), x0)[0]
			return []*Node{loss, judged.gLoss, direct, judged.gradient, Gradient(Add(judged.loss.Total, ReduceAllSum(MulScalar(x0, 0.0))), x0)[0]}
		}, inputs[0], graphtest.Normals(5, cfg.Batch, tinyworld.Size, tinyworld.Size, 3), inputs[7], inputs[8], graphtest.Normals(6, cfg.Batch, 8))
		near(t, "L_adv^G, not weighted", graphtest.Floats(out[0]), graphtest.Floats(out[1]), 1e-5)
		near(t, "its gradient, weighted", graphtest.Floats(out[2]), graphtest.Floats(out[3]), 1e-5)
		if size := l2(graphtest.Floats(out[4])); size != 0 {
			t.Errorf("the discriminator's loss pulls at x̂ with %g, want 0", size)
		}
	}
}

// λ scales the gradient and leaves the reported loss alone.
func TestLambdaIsLinear(t *testing.T) {
	b := tinyBundle(t, 1)
	for _, weighting := range []string{"exp", "sds", "nfsd"} {
		results := func(lambda float64) []*tensors.Tensor {
			cfg := tinyConfig(t, func(c *Config) { c.Weighting, c.Lambda = weighting, lambda })
			n := newBench(t, cfg, b)
			inputs := n.inputs(t, 1)
			return graphtest.Run(t, n.store, func(root *model.Scope, in []*Node) []*Node {
				s := newStep(cfg, nets{root: root, bundle: b, cfg: cfg}, false)
				told := func(i int) diffusion.Cond { return s.nets.text(in[i]) }
				cond, null, negative := told(4), told(5), told(6)
				loss, gradient := s.distillGradient(in[0], in[1], levelsFrom(in[2]), in[3], cond, null, negative)
				unused := MulScalar(ReduceAllSum(Add(null.Pooled, negative.Pooled)), 0)
				return []*Node{Add(loss, unused), gradient}
			}, graphtest.Normals(5, cfg.Batch, tinyworld.Size, tinyworld.Size, 3), inputs[9], inputs[10], inputs[11], inputs[3], inputs[4], inputs[5])
		}
		one, more := results(1), results(2.5)
		near(t, weighting+": loss", graphtest.Floats(one[0]), graphtest.Floats(more[0]), 1e-6)
		scaled := graphtest.Floats(one[1])
		for i := range scaled {
			scaled[i] *= 2.5
		}
		near(t, weighting+": gradient", scaled, graphtest.Floats(more[1]), 1e-5)
	}
}
