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
)

func continuous(c *Config) {
	c.Adversarial, c.Lambda, c.TeacherGuidance = 0, 1, 2
	c.Method = &Named{DefaultSCM}
}

// gaussian is one Gaussian N(0, s²), whose denoiser, and whose ODE's end, are known: a point keeps its place in standard deviations.
type gaussian struct{ s float64 }

func (w gaussian) denoiser(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
	l := level.Like(xt)
	return Div(Mul(MulScalar(l.Alpha, w.s*w.s), xt), Add(MulScalar(Square(l.Alpha), w.s*w.s), Square(l.Sigma)))
}

func (w gaussian) end(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
	l := level.Like(xt)
	return Div(MulScalar(xt, w.s), Sqrt(Add(MulScalar(Square(l.Alpha), w.s*w.s), Square(l.Sigma))))
}

// The tangent of the ODE's end is 0, and that of the teacher's own answer a(τ)·x, a = s²·cos τ/(s²·cos²τ + sin²τ), is
// cos τ·(a′ + a·k)·x, where ẋ = k·x, k = (cos τ − a)/sin τ. The difference errs by its square.
func TestTangentOfAGaussian(t *testing.T) {
	const s, x = .5, 1.3
	w, times := gaussian{s}, []float64{.1, .3, .5, .7, .9}
	want := make([]float64, len(times))
	for i, at := range times {
		sin, cos := math.Sincos(math.Pi / 2 * at)
		v := s*s*cos*cos + sin*sin
		a := s * s * cos / v
		slope := s * s * (-sin*v - cos*2*cos*sin*(1-s*s)) / (v * v)
		want[i] = cos * (slope + a*(cos-a)/sin) * x
	}
	worst := func(student diffusion.Denoiser, want []float64, delta float64) (most float64) {
		level := func(by float64) *tensors.Tensor {
			var flat []float64
			for _, at := range times {
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(at + by)
				flat = append(flat, at+by, alpha, sigma)
			}
			return tensors.FromFlatDataAndDimensions(flat, len(times), 3)
		}
		same := func(v float64) *tensors.Tensor {
			return tensors.FromFlatDataAndDimensions(slices.Repeat([]float64{v}, len(times)), len(times))
		}
		out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			xt, at := InsertAxes(in[0], -1, -1, -1), diffusion.LevelFrom(in[1])
			cond := diffusion.Cond{}
			return []*Node{tangent(student, w.denoiser, xt, student(xt, at, cond), at, diffusion.LevelFrom(in[2]), diffusion.LevelFrom(in[3]), in[4], in[5], cond, ScalarOne(xt.Graph(), xt.DType()))}
		}, same(x), level(0), level(delta), level(-delta), same(math.Pi/2*delta), same(-math.Pi/2*delta))
		for i, g := range doubles(out[0]) {
			most = max(most, math.Abs(g-want[i]))
		}
		return most
	}
	for name, c := range map[string]struct {
		student diffusion.Denoiser
		want    []float64
	}{"the ODE's end": {w.end, make([]float64, len(times))}, "the teacher's answer": {w.denoiser, want}} {
		coarse, fine := worst(c.student, c.want, .01), worst(c.student, c.want, .005)
		if !(fine < 2e-4) || !(coarse/fine > 3.8 && coarse/fine < 4.2) {
			t.Errorf("%s: errors %g and, with half the difference, %g, want little and a quarter", name, coarse, fine)
		}
	}
}

// The times keep their distance from both ends, angles belong to the levels, and the second term grows in.
func TestSCMDraws(t *testing.T) {
	cfg := tinyConfig(t, continuous, func(c *Config) { c.Steps = 40 })
	for step, warm := range map[int]float64{1: .1, 5: .5, 10: 1, 40: 1} {
		in := drawStep[scmInputs[*tensors.Tensor]](cfg, step)
		above, below, up, down := levels(in.Above), levels(in.Below), graphtest.Floats(in.Up), graphtest.Floats(in.Down)
		for i, level := range levels(in.Level) {
			angle := func(l [3]float64) float64 { return math.Atan2(l[2], l[1]) }
			if below[i][0] < .004 || above[i][0] > .996 || math.Abs(above[i][0]-below[i][0]-.01) > 1e-5 {
				t.Errorf("step %d: from %g to %g around %g", step, below[i][0], above[i][0], level[0])
			}
			if math.Abs(angle(above[i])-angle(level)-float64(up[i])) > 1e-5 || math.Abs(angle(below[i])-angle(level)-float64(down[i])) > 1e-5 {
				t.Errorf("step %d: angles %g and %g, want those of the levels", step, up[i], down[i])
			}
		}
		if got := float64(tensors.ToScalar[float32](in.Warm)); math.Abs(got-warm) > 1e-6 {
			t.Errorf("step %d: r = %g, want %g", step, got, warm)
		}
	}
}

// The loss is that of a normalised tangent, at most 1, and the student moves.
func TestSCMStep(t *testing.T) {
	cfg := tinyConfig(t, continuous, func(c *Config) { c.Reduction = Mean })
	n := newBench(t, cfg, tinyBundle(t, 1))
	for _, at := range n.take(t, 3) {
		if !(at["distill"] > 0 && at["distill"] <= 1) || !(at["student_grad"] > 0) {
			t.Errorf("%v, want a loss within 0 … 1 and a gradient", at)
		}
	}
}
