package distill

import (
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/discriminator"
	"github.com/addlab/addlab/optim"
	"github.com/addlab/addlab/train"
)

// What each kind of cell may touch in a step. All of them must run on the pure Go engine.
func TestStepMovesOnlyWhatLearns(t *testing.T) {
	both := []string{"discriminator", "optimizer", "student", "student_ema"}
	alone := []string{"optimizer", "student", "student_ema"}
	b := tinyBundle(t, 1)
	for _, test := range []struct {
		name string
		edit func(c *Config)
		want []string
	}{
		{"default", func(*Config) {}, both},
		{"discriminator sees text only", func(c *Config) { c.Discriminator.Image = false }, both},
		{"discriminator sees images only", func(c *Config) { c.Discriminator.Text = false }, both},
		{"discriminator sees nothing", func(c *Config) { c.Discriminator.Text, c.Discriminator.Image = false, false }, both},
		{"group norm, no augmentation, no R1", func(c *Config) {
			c.Discriminator.Norm, c.Discriminator.Augment, c.Discriminator.R1Weight = discriminator.NormGroup, false, 0
		}, both},
		{"R1 not this time", func(c *Config) { c.Discriminator.R1Every = 2 }, both},
		{"random start", func(c *Config) { c.Init = Random }, both},
		{"adversarial loss alone", func(c *Config) { c.Lambda = 0 }, both},
		{"distillation alone", func(c *Config) { c.Adversarial = 0 }, alone},
		{"sds, guided teacher", func(c *Config) { c.Weighting, c.TeacherGuidance = "sds", 3 }, both},
		{"nfsd, sum over pixels", func(c *Config) { c.Weighting, c.Reduction = "nfsd", Sum }, both},
		{"two teacher steps", func(c *Config) { c.TeacherSteps = 2 }, both},
		{"student by Muon", func(c *Config) { c.Muon = true }, both},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newBench(t, tinyConfig(t, test.edit), b)
			before := snapshot(n.store)
			values := n.take(t, 1)[0]
			after := snapshot(n.store)
			if diff := cmp.Diff(test.want, movedScopes(before, after)); diff != "" {
				t.Errorf("scopes that moved (-want +got):\n%s", diff)
			}
			// Moments belong to the two networks and to no other.
			for path := range below(after, "optimizer") {
				owner, rest, _ := strings.Cut(path, "/")
				if !slices.Contains(test.want, owner) || !strings.Contains(rest, "/"+owner+"/") {
					t.Errorf("there is a moment /optimizer/%s", path)
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(below(after, studentScope))), slices.Sorted(maps.Keys(below(after, studentEMAScope)))); diff != "" {
				t.Errorf("variables of the student (-) and of its average (+):\n%s", diff)
			}
			// What a cell leaves out is reported as 0.
			for _, term := range []struct {
				on      bool
				columns []string
			}{
				{n.cfg.Adversarial > 0, []string{"g_adv", "d_real", "d_fake", "adv_grad", "d_grad"}},
				{n.cfg.Adversarial > 0 && n.cfg.Discriminator.R1Weight > 0 && n.cfg.Discriminator.R1Every == 1, []string{"r1"}},
				{n.cfg.Lambda > 0, []string{"distill", "distill_grad"}},
				{true, []string{"student_grad"}},
				{n.cfg.Init == Pretrained, []string{"pixel_var"}}, // the last layer of an untrained student is 0, and so is its first picture
			} {
				for _, name := range term.columns {
					if (values[name] != 0) != term.on {
						t.Errorf("%s = %g, want it to be 0: %v", name, values[name], !term.on)
					}
				}
			}
		})
	}
}

// Each update sees the other network as it was before the step: with one rate at 0, the other network moves as if it were not.
func TestUpdatesOfAStepAreIndependent(t *testing.T) {
	b := tinyBundle(t, 1)
	after := func(edit func(c *Config)) map[string][]float32 {
		cfg := tinyConfig(t)
		edit(&cfg) // past Validate, which wants rates above 0
		n := newBench(t, cfg, b)
		n.take(t, 1)
		return snapshot(n.store)
	}
	start, full := snapshot(newBench(t, tinyConfig(t), b).store), after(func(*Config) {})
	for _, test := range []struct {
		name, moves, stays string
		edit               func(c *Config)
	}{
		{"the discriminator's step", discriminatorScope, studentScope, func(c *Config) { c.StudentRate.Peak = 0 }},
		{"the student's step", studentScope, discriminatorScope, func(c *Config) { c.DiscriminatorRate.Peak = 0 }},
	} {
		one := after(test.edit)
		if diff := cmp.Diff(below(full, test.moves), below(one, test.moves)); diff != "" {
			t.Errorf("%s depends on the other network's (-both +alone):\n%s", test.name, diff)
		}
		for path, x := range below(one, test.stays) {
			// The power iteration u of the spectral norm is no weight: it follows every look at the heads.
			if !strings.HasSuffix(path, "/u") && !slices.Equal(below(start, test.stays)[path], x) {
				t.Errorf("%s moves /%s/%s", test.name, test.stays, path)
			}
		}
	}
}

func TestStudentStart(t *testing.T) {
	b := tinyBundle(t, 1)
	student := func(cfg Config) map[string][]float32 {
		store, err := newStore(goEngine(), b, cfg)
		if err != nil {
			t.Fatal(err)
		}
		for v := range store.IterVariables() {
			scope := strings.Split(v.Path(), "/")[1]
			if want := scope == studentScope || scope == discriminatorScope && !strings.HasSuffix(v.Path(), "/u"); v.Trainable != want {
				t.Errorf("init = %s: %s is trainable: %v, want %v", cfg.Init, v.Path(), v.Trainable, want)
			}
		}
		values := snapshot(store)
		if equal := cmp.Equal(below(values, teacherScope), below(values, studentScope)); equal != (cfg.Init == Pretrained) {
			t.Errorf("init = %s: student equals the teacher: %v", cfg.Init, equal)
		}
		return below(values, studentScope)
	}
	random := func(c *Config) { c.Init = Random }
	pretrained, first := student(tinyConfig(t)), student(tinyConfig(t, random))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(pretrained)), slices.Sorted(maps.Keys(first))); diff != "" {
		t.Errorf("variables of a pretrained (-) and of a random (+) student:\n%s", diff)
	}
	if !cmp.Equal(first, student(tinyConfig(t, random))) {
		t.Error("equal seeds give two random students")
	}
	if cmp.Equal(first, student(tinyConfig(t, random, func(c *Config) { c.Seed = 2 }))) {
		t.Error("two seeds give the same random student")
	}
}

// Without the distillation loss nothing of the teacher is used beyond its weights as a start.
func TestNoTeacherWithoutLambda(t *testing.T) {
	results := func(lambda float64, teacherSeed int64) (map[string][]float32, []map[string]float64) {
		cfg := tinyConfig(t, func(c *Config) { c.Init, c.Lambda = Random, lambda })
		n := newBench(t, cfg, tinyBundle(t, teacherSeed))
		curve := n.take(t, 2)
		values := snapshot(n.store)
		maps.DeleteFunc(values, func(path string, _ []float32) bool { return strings.HasPrefix(path, "/"+teacherScope+"/") })
		return values, curve
	}
	oneStore, oneCurve := results(0, 1)
	otherStore, otherCurve := results(0, 2)
	if diff := cmp.Diff(oneCurve, otherCurve); diff != "" {
		t.Errorf("λ = 0, values of two teachers:\n%s", diff)
	}
	if !cmp.Equal(oneStore, otherStore) {
		t.Error("λ = 0: the teacher's weights change what is learned")
	}
	oneStore, _ = results(2.5, 1)
	if otherStore, _ = results(2.5, 2); cmp.Equal(oneStore, otherStore) {
		t.Error("λ = 2.5: the teacher's weights change nothing")
	}
}

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
			evaluate(t, n.store, s.build, n.inputs(t, 1)...)
			moments := below(snapshot(n.store), "optimizer")

			fresh := newBench(t, cfg, b)
			var paths []string
			direct := evaluate(t, fresh.store, func(root *model.Scope, args []*Node) []*Node {
				in, nets := inputsFrom(args), nets{root: root, bundle: b, cfg: cfg}
				g, d := in.real.Graph(), cfg.Discriminator
				text, level := nets.text(in.ids), diffusion.LevelFrom(in.level)
				x0 := nets.student()(diffusion.Diffuse(in.real, in.noise, level), level, text)

				heads := discriminator.Bind(root.At(discriminatorScope), g, d, true)
				tokens := func(img, view *Node) []*Node { return discriminator.Features(nets.features, img, view, d, tinySize) }
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
				want, got = append(want, floats(direct[i])...), append(got, moments[path]...)
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
	if _, err := store.CreateVariable("/student/w", normals(1, 3, 12)); err != nil {
		t.Fatal(err)
	}
	opt := optim.AdamW{Name: "student", Epsilon: 1e-8} // no memory: the first moment is the gradient
	out := evaluate(t, store, func(root *model.Scope, in []*Node) []*Node {
		w := store.GetVariable("/student/w").NodeValue(in[0].Graph())
		x0 := Reshape(Tanh(Dot(in[0], w).Product()), 2, 2, 2, 3)
		adversarial := func(x *Node) *Node { return Neg(ReduceAllMean(Sin(x))) }
		distill := func(x *Node) *Node { return MulScalar(ReduceAllSum(Mul(Sub(x, in[1]), Sub(x, in[1]))), 2.5) }
		direct := Gradient(Add(adversarial(x0), distill(x0)), w)[0]

		clean := Identity(StopGradient(x0))
		a, d := Gradient(adversarial(clean), clean)[0], Gradient(distill(clean), clean)[0]
		advNorm, distillNorm, gradNorm := studentStep(root, opt, x0, a, d, in[2], Scalar(in[0].Graph(), w.DType(), 0.9))
		return []*Node{direct, advNorm, distillNorm, gradNorm, a, d}
	}, normals(2, 2, 3), normals(3, 2, 2, 2, 3), train.F32(opt.Coefficients(1e-3, 1), 3))

	norm := func(x *tensors.Tensor) []float32 { return []float32{float32(l2(floats(x)))} }
	near(t, "gradient", floats(out[0]), snapshot(store)["/optimizer/student/m/student/w"], 1e-5)
	near(t, "norm of the adversarial term", norm(out[4]), floats(out[1]), 1e-5)
	near(t, "norm of the distillation term", norm(out[5]), floats(out[2]), 1e-5)
	near(t, "norm of the student's gradient", norm(out[0]), floats(out[3]), 1e-5)
}

// The gradient that judge passes back is that of L_adv^G through heads, frozen features and augmentation, written down directly;
// the discriminator's loss passes none.
func TestJudgeGradient(t *testing.T) {
	b := tinyBundle(t, 1)
	for _, weight := range []float64{1, 0.3} {
		cfg := tinyConfig(t, func(c *Config) { c.Adversarial = weight })
		n := newBench(t, cfg, b)
		inputs := n.inputs(t, 1)
		out := evaluate(t, n.store, func(root *model.Scope, args []*Node) []*Node {
			real, x0, realView, fakeView, text := args[0], args[1], args[2], args[3], args[4]
			s := newStep(cfg, nets{root: root, bundle: b, cfg: cfg}, true)
			d := cfg.Discriminator
			cond := discriminator.Condition(d, text, s.nets.imageEmbedding(real))
			heads := discriminator.Bind(root.At(discriminatorScope), real.Graph(), d, false)
			judged := s.judge(heads, real, x0, realView, fakeView, cond, true)
			loss := discriminator.GeneratorLoss(heads.Logits(discriminator.Features(s.nets.features, x0, fakeView, d, tinySize), cond))
			direct := Gradient(MulScalar(loss, weight), x0)[0]
			return []*Node{loss, judged.gLoss, direct, judged.gradient, Gradient(Add(judged.loss.Total, ReduceAllSum(MulScalar(x0, 0.0))), x0)[0]}
		}, inputs[0], normals(5, cfg.Batch, tinySize, tinySize, 3), inputs[7], inputs[8], normals(6, cfg.Batch, 8))
		near(t, "L_adv^G, not weighted", floats(out[0]), floats(out[1]), 1e-5)
		near(t, "its gradient, weighted", floats(out[2]), floats(out[3]), 1e-5)
		if size := l2(floats(out[4])); size != 0 {
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
			return evaluate(t, n.store, func(root *model.Scope, in []*Node) []*Node {
				s := newStep(cfg, nets{root: root, bundle: b, cfg: cfg}, false)
				told := func(i int) diffusion.Cond { return s.nets.text(in[i]) }
				cond, null, negative := told(4), told(5), told(6)
				loss, gradient := s.distillGradient(in[0], in[1], levelsFrom(in[2]), in[3], cond, null, negative)
				unused := MulScalar(ReduceAllSum(Add(null.Pooled, negative.Pooled)), 0)
				return []*Node{Add(loss, unused), gradient}
			}, normals(5, cfg.Batch, tinySize, tinySize, 3), inputs[9], inputs[10], inputs[11], inputs[3], inputs[4], inputs[5])
		}
		one, more := results(1), results(2.5)
		near(t, weighting+": loss", floats(one[0]), floats(more[0]), 1e-6)
		scaled := floats(one[1])
		for i := range scaled {
			scaled[i] *= 2.5
		}
		near(t, weighting+": gradient", scaled, floats(more[1]), 1e-5)
	}
}

// What the student is trained on at τ_n holds nothing of the real picture: neither its input nor what the heads are told.
func TestNothingOfThePictureAtPureNoise(t *testing.T) {
	b := tinyBundle(t, 1)
	student := func(times []int, pictureSeed int64) (map[string][]float32, float32) {
		cfg := tinyConfig(t, func(c *Config) { c.Times = times })
		n := newBench(t, cfg, b)
		inputs := n.inputs(t, 1)
		inputs[0] = normals(pictureSeed, cfg.Batch, tinySize, tinySize, 3)
		out := evaluate(t, n.store, newStep(cfg, newNets(b, cfg), true).build, inputs...)
		return below(snapshot(n.store), studentScope), floats(out[slices.Index(columns, "d_real")])[0]
	}
	one, oneReal := student([]int{1000}, 1)
	other, otherReal := student([]int{1000}, 2)
	if !cmp.Equal(one, other) {
		t.Error("s = τ_n: the real picture reaches the student")
	}
	if oneReal == otherReal {
		t.Error("the discriminator does not see the real picture: the test shows nothing")
	}
	one, _ = student([]int{1000, 500}, 1)
	if other, _ = student([]int{1000, 500}, 2); cmp.Equal(one, other) {
		t.Error("s < τ_n: the real picture does not reach the student")
	}
}

// c_img alone: the heads are told of the picture where seesImage is 1, and of nothing where it is 0.
func TestImageConditionIsMasked(t *testing.T) {
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t, func(c *Config) { c.Times = []int{1000}; c.Discriminator.Text = false })
	generator := func(pictureSeed int64, sees float32) float32 {
		n := newBench(t, cfg, b)
		inputs := n.inputs(t, 1)
		inputs[0] = normals(pictureSeed, cfg.Batch, tinySize, tinySize, 3)
		inputs[6] = train.F32([]float32{sees, sees, sees, sees}, cfg.Batch)
		return floats(evaluate(t, n.store, newStep(cfg, newNets(b, cfg), true).build, inputs...)[0])[0]
	}
	if one, other := generator(1, 0), generator(2, 0); one != other {
		t.Errorf("seesImage = 0: g_adv = %g and %g beside two pictures, want equal", one, other)
	}
	if one, other := generator(1, 1), generator(2, 1); one == other {
		t.Errorf("seesImage = 1: g_adv = %g beside two pictures, want two values", one)
	}
}
