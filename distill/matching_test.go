package distill

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

func matched(c *Config) {
	consistent(c)
	c.Pure = 2
	c.Matching = aMatching()
}

// The fake score begins as the teacher. With an unguided teacher the two scores are the same then, and nothing pulls; once the fake score
// has seen the student's pictures, which are not the teacher's, something does.
func TestMatchingPullsWhereTheScoresDiffer(t *testing.T) {
	cfg := tinyConfig(t, matched, func(c *Config) { c.TeacherGuidance = 0 })
	curve := newBench(t, cfg, tinyBundle(t, 1)).take(t, 3)
	if pull := curve[0]["match_grad"]; pull != 0 {
		t.Errorf("pull before the fake score has moved = %g, want 0", pull)
	}
	if pull := curve[2]["match_grad"]; !(pull > 1e-6) {
		t.Errorf("pull after two steps of the fake score = %g, want some", pull)
	}
}

// Of Gaussians all scores are known. Pictures of N(m, s²) whose fake score is right are pulled towards the teacher's N(0, s²): against the
// sign of m, and not at all where m = 0.
func TestMatchingOfGaussians(t *testing.T) {
	const s, n = .5, 64
	gaussian := func(mean float64) diffusion.Denoiser { // E[x₀|x_t]
		return func(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
			l := level.Like(xt)
			gain := Div(MulScalar(l.Alpha, s*s), Add(MulScalar(Square(l.Alpha), s*s), Square(l.Sigma)))
			return AddScalar(Mul(gain, Sub(xt, MulScalar(l.Alpha, mean))), mean)
		}
	}
	for _, mean := range []float64{0, .3, -.3} {
		noise := graphtest.Floats(graphtest.Normals(1, n))
		var x, eps, levels []float64
		for i := range n {
			at := float64(i%9+1) / 10
			alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
			x, eps, levels = append(x, mean+s*float64(noise[i])), append(eps, float64(noise[(i+7)%n])), append(levels, at, alpha, sigma)
		}
		picture := func(v []float64) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(v, n, 1, 1, 1) }
		out := graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
			level := diffusion.LevelFrom(in[2])
			return []*Node{matchingPull(in[0], in[1], level, gaussian(mean), gaussian(0), diffusion.Cond{})}
		}, picture(x), picture(eps), tensors.FromFlatDataAndDimensions(levels, n, 3))
		for i, pull := range tensors.MustCopyFlatData[float64](out[0]) {
			if mean == 0 && pull != 0 || mean != 0 && !(pull*mean > 0) {
				t.Errorf("mean %g, picture %d: gradient %g, want the sign of the mean: the student moves against it", mean, i, pull)
			}
		}
	}
}

// Before From a step costs what it costs without; from there the weight rises over Ramp steps. The pictures that are compared are those
// from pure noise.
func TestMatchingBeginsLater(t *testing.T) {
	cfg := tinyConfig(t, matched, func(c *Config) { c.Steps, c.Matching.From, c.Matching.Ramp = 8, 3, 4 })
	var weights []float64
	for step := 1; step <= 7; step++ {
		in := drawStep[lcmInputs[*tensors.Tensor]](cfg, step)
		if in.Pull == nil {
			weights = append(weights, 0)
			continue
		}
		weights = append(weights, float64(tensors.ToScalar[float32](in.Pull)))
		if got := in.PullNoise.Shape().Dim(0); got != cfg.Pure {
			t.Errorf("%d pictures are compared, want %d", got, cfg.Pure)
		}
		for i, level := range levels(in.Start) {
			if pure := i >= cfg.Batch-cfg.Pure; pure && level[1] != 0 {
				t.Errorf("row %d starts at α = %g, want pure noise", i, level[1])
			}
		}
	}
	if want := []float64{0, 0, .125, .25, .375, .5, .5}; !slices.Equal(weights, want) {
		t.Errorf("weights = %v, want %v", weights, want)
	}
	curve := newBench(t, cfg, tinyBundle(t, 1)).take(t, 4)
	if curve[1]["match_grad"] != 0 || curve[1]["fake_score"] != 0 || !(curve[3]["match_grad"] > 0) || !(curve[3]["fake_score"] > 0) {
		t.Errorf("at step 2 %v, at step 4 %v, want the term from step 3 on", curve[1], curve[3])
	}
}

// On pictures that stay as they are the fake score learns to denoise them.
func TestFakeScoreLearnsTheStudent(t *testing.T) {
	cfg := tinyConfig(t, matched, func(c *Config) { c.Steps, c.StudentRate.Peak, c.Matching.Rate.Peak = 30, 1e-12, 5e-3 })
	curve := newBench(t, cfg, tinyBundle(t, 1)).take(t, cfg.Steps)
	mean := func(from, to int) (sum float64) {
		for _, at := range curve[from:to] {
			sum += at["fake_score"] / float64(to-from)
		}
		return sum
	}
	if first, last := mean(0, 5), mean(20, 30); !(last < .8*first) || math.IsNaN(last) {
		t.Errorf("loss of the fake score from %g to %g, want it to fall by a fifth or more", first, last)
	}
}

// ADD may have the term in place of eq. 4, or beside it.
func TestMatchingInADD(t *testing.T) {
	for _, lambda := range []float64{0, 2.5} {
		cfg := tinyConfig(t, func(c *Config) {
			c.Lambda, c.TeacherGuidance = lambda, 2
			c.Matching = aMatching()
		})
		at := newBench(t, cfg, tinyBundle(t, 1)).take(t, 2)[1]
		if !(at["match_grad"] > 0) || (at["distill_grad"] > 0) != (lambda > 0) || !(at["adv_grad"] > 0) {
			t.Errorf("λ = %g: %v, want gradients of all terms", lambda, at)
		}
	}
}

// Scores that look at pictures of pure noise alone leave those of later times where they are: the student's gradient is that of
// weight·Σ ⟨pull, x̂⟩ over the last rows, written down directly.
func TestMatchingOfPureNoiseAlone(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) {
		c.Times, c.Pure, c.Lambda, c.Adversarial, c.TeacherGuidance = []int{1000, 500}, 2, 0, 0, 2
		c.Matching = aMatching()
		c.Matching.PureOnly, c.Matching.Ramp = true, 0
	})
	b := tinyBundle(t, 1)
	gradient := func(graph func(m *add) train.Graph) []float32 { // first moments without memory
		n := newBench(t, cfg, b)
		m, opt := n.method.(*add), studentAdamW(cfg)
		opt.Beta1, opt.ClipNorm = 0, 0
		m.studentOptimiser = opt
		in := inputsOf[addInputs[*tensors.Tensor]](t, n, 1)
		for i, start := range levels(in.Start) {
			if pure := i >= 2; pure != (start[1] == 0) {
				t.Errorf("row %d starts at α = %g, want the last two at pure noise", i, start[1])
			}
		}
		n.call(t, graph(m), in)
		return flat(below(snapshot(n.store), "optimizer/"+studentScope+"/m"))
	}
	got := gradient(func(m *add) train.Graph { return m.Updates(1)[0].Graph })
	want := gradient(func(m *add) train.Graph {
		return train.GraphOf(func(root *model.Scope, in addInputs[*Node]) map[string]*Node {
			n := networks{setup: m.setup, root: root}
			text, last := n.text(in.Caption), func(x *Node) *Node { return Slice(x, AxisRange(2, 4)) }
			x0 := n.predict(in.studentInputs, text)
			pull := matchingPull(StopGradient(last(x0)), in.PullNoise, diffusion.LevelFrom(in.PullLevel), n.fakeScore(), n.guidedTeacher(in.Empty), text.Map(last))
			loss := MulScalar(ReduceAllSum(Mul(pull, last(x0))), cfg.Matching.Weight*float64(m.summed())/float64(pull.Shape().Size()))
			return map[string]*Node{"student_grad": m.studentOptimiser.Update(optim.Variables(root.At(studentScope), x0.Graph()), loss, in.StudentRate)}
		})
	})
	near(t, "gradient", want, got, 1e-4)
	if slices.Max(want) == 0 {
		t.Error("gradient = 0, want some")
	}
}
