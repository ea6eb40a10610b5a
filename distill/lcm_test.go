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
	"github.com/addlab/addlab/internal/tinyworld"
)

func consistent(c *Config) {
	fromNoise(c)
	c.Adversarial, c.Lambda, c.TeacherGuidance, c.Consistency = 0, 1, 2, &Consistency{Grid: 50, Huber: .001}
}

// Of one Gaussian N(0, s²) the solution of the probability-flow ODE is known: it keeps a point's place in standard deviations, so that
// z at t ends in s·z/√(α²s² + σ²). A student that says so agrees with itself but for the error of one DDIM step, which is of second order.
func TestConsistencyOfAGaussian(t *testing.T) {
	const s = 0.5
	teacher := func(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node { // α s² x_t/(α² s² + σ²)
		l := level.Like(xt)
		return Div(Mul(MulScalar(l.Alpha, s*s), xt), Add(MulScalar(Square(l.Alpha), s*s), Square(l.Sigma)))
	}
	exact := func(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
		l := level.Like(xt)
		return Mul(xt, Div(Scalar(xt.Graph(), xt.DType(), s), Sqrt(Add(MulScalar(Square(l.Alpha), s*s), Square(l.Sigma)))))
	}
	worst := func(average diffusion.Denoiser, grid int, k []int) float64 {
		var z, from, to []float64
		for i, k := range k {
			z = append(z, 1+.1*float64(i), -.7)
			for _, end := range []struct {
				flat *[]float64
				t    float64
			}{{&from, float64(k) / float64(grid)}, {&to, float64(k-1) / float64(grid)}} {
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(end.t)
				*end.flat = append(*end.flat, end.t, alpha, sigma)
			}
		}
		out := graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
			t, u := diffusion.LevelFrom(in[1]), diffusion.LevelFrom(in[2])
			return []*Node{exact(in[0], t, diffusion.Cond{}), consistencyTarget(teacher, average, in[0], t, u, diffusion.Cond{})}
		}, tensors.FromFlatDataAndDimensions(z, len(k), 1, 1, 2), tensors.FromFlatDataAndDimensions(from, len(k), 3), tensors.FromFlatDataAndDimensions(to, len(k), 3))
		said, target := tensors.MustCopyFlatData[float64](out[0]), tensors.MustCopyFlatData[float64](out[1])
		most := 0.0
		for i := range said {
			most = max(most, math.Abs(said[i]-target[i]))
		}
		return most
	}
	coarse, fine := worst(exact, 50, []int{5, 20, 35, 45}), worst(exact, 100, []int{10, 40, 70, 90}) // the same times
	if !(coarse < 5e-3) || !(coarse/fine > 3.5 && coarse/fine < 4.5) {
		t.Errorf("a student that is right disagrees with itself by %g, on a grid twice as fine by %g, want little and a quarter of it", coarse, fine)
	}
	// From t = 1/50 to 0 the step says α s² z/(α²s²+σ²), off by a share of σ²/2s² = .002. What the average would say at 0 is not asked.
	wrong := func(xt *Node, level diffusion.Level, cond diffusion.Cond) *Node {
		return AddScalar(exact(xt, level, cond), 1)
	}
	if last := worst(wrong, 50, []int{1}); !(last < 2.1e-3 && last > 1.8e-3) {
		t.Errorf("the last step ends %g away from where the ODE does, want .002", last)
	}
}

// √(d²+c²) − c is d²/2c near 0 and |d| − c far away.
func TestPseudoHuber(t *testing.T) {
	for _, c := range []struct{ d, want, slope float64 }{
		{0, 0, 0}, {1e-5, 1e-10 / 2e-3, 1e-5 / 1e-3}, {-2, 2 - 1e-3, -1}, {.003, .001*math.Sqrt(10) - .001, 3 / math.Sqrt(10)},
	} {
		out := graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
			loss := pseudoHuber(in[0], in[1], .001)
			return []*Node{loss, Gradient(loss, in[0])[0]}
		}, tensors.FromFlatDataAndDimensions([]float64{c.d + 1}, 1, 1, 1, 1), tensors.FromFlatDataAndDimensions([]float64{1}, 1, 1, 1, 1))
		loss, slope := tensors.MustCopyFlatData[float64](out[0])[0], tensors.MustCopyFlatData[float64](out[1])[0]
		if math.Abs(loss-c.want) > 1e-6*max(1, math.Abs(c.want))+5e-5*c.want || math.Abs(slope-c.slope) > 1e-4*max(.01, math.Abs(c.slope)) {
			t.Errorf("d = %g: %g with slope %g, want %g with %g", c.d, loss, slope, c.want, c.slope)
		}
	}
}

// Times lie on the grid, all of them are drawn, and the solver's other end is one step below.
func TestConsistencyDrawsStepsOfTheGrid(t *testing.T) {
	cfg := tinyConfig(t, consistent, func(c *Config) { c.Consistency.Grid = 10 })
	seen := map[int]int{}
	for step := 1; step <= 60; step++ {
		in := drawStep[lcmInputs[*tensors.Tensor]](cfg, step)
		start, lower := levels(in.Start), levels(in.Lower)
		for i, t0 := range levels(in.Level) {
			k := t0[0] * 10
			if math.Abs(k-math.Round(k)) > 1e-5 || k < .5 || math.Abs(lower[i][0]-(math.Round(k)-1)/10) > 1e-6 {
				t.Fatalf("step from t = %g to %g, want one of the grid's", t0[0], lower[i][0])
			}
			if (start[i][1] == 0) != (math.Round(k) == 10) {
				t.Errorf("at t = %g the student's input has α = %g", t0[0], start[i][1])
			}
			seen[int(math.Round(k))]++
		}
	}
	for k := 1; k <= 10; k++ {
		if n := seen[k]; n < 12 || n > 36 { // 24 of 240
			t.Errorf("step %d of the grid was drawn %d times of 240", k, n)
		}
	}
}

// The loss of a step is that of the equations written down with the sampler's own DDIM step: the student at one end, its average at the
// other, the guided teacher between. Both have moved before, so that they are told apart.
func TestConsistencyStepFollowsTheEquations(t *testing.T) {
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t, consistent, func(c *Config) { c.Reduction, c.StudentRate.Peak, c.EMA = Mean, .01, .9 })
	n := newBench(t, cfg, b)
	n.take(t, 3)
	in := inputsOf[lcmInputs[*tensors.Tensor]](t, n, 4)
	level, real, noise := graphtest.Floats(in.Level), graphtest.Floats(in.Real), graphtest.Floats(in.Noise)
	values := tinyworld.Size * tinyworld.Size * 3
	zt := make([]float32, len(real))
	for i := range zt {
		zt[i] = level[3*(i/values)+1]*real[i] + level[3*(i/values)+2]*noise[i]
	}
	picture := func(x []float32) *tensors.Tensor {
		return tensors.FromFlatDataAndDimensions(slices.Clone(x), cfg.Batch, tinyworld.Size, tinyworld.Size, 3)
	}
	ask := func(scope string, guidance float64, z []float32, level any) []float32 {
		out := graphtest.Run(t, n.store, func(root *model.Scope, in []*Node) []*Node {
			nets := networks{setup: setup{cfg: cfg, base: b}, root: root}
			cond, null := nets.text(in[2]), nets.text(in[3])
			net := diffusion.NetDenoiser(root.At("%s", scope), b.Backbone(teacherScope), b.Config.Prediction)
			at := diffusion.LevelFrom(in[1])
			told, untold := net(in[0], at, cond), net(in[0], at, null.Expand(cfg.Batch))
			return []*Node{Add(MulScalar(told, guidance), MulScalar(untold, 1-guidance))}
		}, picture(z), level, in.Caption, in.Empty)
		return graphtest.Floats(out[0])
	}
	said, taught := ask(studentScope, 1, zt, in.Level), ask(teacherScope, 2, zt, in.Level)
	plan, err := diffusion.DDIM{}.Plan(diffusion.Cosine{}, 50)
	if err != nil {
		t.Fatal(err)
	}
	zu := make([]float32, len(zt))
	for i := range zu {
		step := plan[50-int(math.Round(50*float64(level[3*(i/values)])))]
		zu[i] = float32(step.X*float64(zt[i]) + step.X0*float64(taught[i]))
	}
	lower := graphtest.Floats(in.Lower)
	target := ask(studentEMAScope, 1, zu, tensors.FromFlatDataAndDimensions(slices.Clone(lower), cfg.Batch, 3))
	want := 0.0
	for i := range target {
		if lower[3*(i/values)] == 0 {
			target[i] = zu[i]
		}
		d := float64(said[i] - target[i])
		want += (math.Sqrt(d*d+1e-6) - 1e-3) / float64(len(target))
	}
	got, err := n.step(4)
	if err != nil {
		t.Fatal(err)
	}
	if loss := got[slices.Index(n.method.Losses(), "distill")]; math.Abs(loss-want) > 1e-4*want || !(want > 0) {
		t.Errorf("loss = %g, want %g", loss, want)
	}
}
