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

func progressed(c *Config) {
	c.Adversarial, c.Lambda, c.Times, c.Steps = 0, 1, []int{1000}, 7
	c.Method = &Named{Progressive{From: 4, To: 1}}
}

// One DDIM step with x̃ in place of the prediction ends where two of the teacher do, from pure noise, between, and at the end.
func TestProgressiveTargetIsTwoSteps(t *testing.T) {
	const points = 16
	for _, n := range []int{1, 2, 4} {
		r, z := rng.New(8, "start", 0), make([]float64, 2*points)
		for i := range z {
			z[i] = r.NormFloat64()
		}
		fine, err := diffusion.DDIM{}.Plan(diffusion.Cosine{}, 2*n)
		if err != nil {
			t.Fatal(err)
		}
		coarse, err := diffusion.DDIM{}.Plan(diffusion.Cosine{}, n)
		if err != nil {
			t.Fatal(err)
		}
		exact := func(x []float64, at float64) []float64 {
			alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
			return toyRing.Denoise(x, alpha, sigma)
		}
		for i, step := range coarse {
			want := diffusion.Apply(fine[2*i:2*i+2], z, exact, nil)
			level := func(at float64) *tensors.Tensor {
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(at)
				return tensors.FromFlatDataAndDimensions(slices.Repeat([]float64{at, alpha, sigma}, points), points, 3)
			}
			at := step.T
			out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
				return []*Node{twoSteps(toyRing.Denoiser(), in[0], diffusion.LevelFrom(in[1]), diffusion.LevelFrom(in[2]), diffusion.LevelFrom(in[3]), diffusion.Cond{})}
			}, tensors.FromFlatDataAndDimensions(slices.Clone(z), points, 1, 1, 2), level(at), level(at-.5/float64(n)), level(at-1/float64(n)))
			target := doubles(out[0])
			got := diffusion.Apply([]diffusion.Step{step}, z, func([]float64, float64) []float64 { return target }, nil)
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("%d steps, step %d (-two of the teacher +one to x̃)\n%s", n, i, diff)
			}
			z = want
		}
	}
}

// Stages halve, share the steps, draw the times of their own grid, and only the first asks a guided teacher.
func TestProgressiveStages(t *testing.T) {
	cfg := tinyConfig(t, progressed, func(c *Config) { c.TeacherGuidance = 2 })
	for step, want := range map[int]struct{ n, begin float64 }{1: {4, 1}, 2: {4, 1}, 3: {4, 1}, 4: {2, 4}, 5: {2, 4}, 6: {1, 6}, 7: {1, 6}} {
		m, in := &progressive{regressor{setup{cfg: cfg}}, Progressive{From: 4, To: 1}}, drawStep[progressiveInputs[*tensors.Tensor]](cfg, step)
		if _, begin, _ := m.stage(step); begin != int(want.begin) {
			t.Errorf("step %d: its stage begins at %d, want %g", step, begin, want.begin)
		}
		if (in.Empty != nil) != (want.n == 4) {
			t.Errorf("step %d: guided %v", step, in.Empty != nil)
		}
		middle, lower := levels(in.Middle), levels(in.Lower)
		for i, level := range levels(in.Level) {
			k := level[0] * want.n
			if math.Abs(k-math.Round(k)) > 1e-5 || math.Abs((level[0]-middle[i][0])*2*want.n-1) > 1e-5 || math.Abs((level[0]-lower[i][0])*want.n-1) > 1e-5 {
				t.Errorf("step %d: from %g by %g to %g, want steps of 1/%g", step, level[0], middle[i][0], lower[i][0], want.n)
			}
		}
	}
}

// Where a stage begins, the student's weights become the teacher, which stands still within a stage.
func TestProgressiveTeacherIsTheLastStudent(t *testing.T) {
	n := newBench(t, tinyConfig(t, progressed), tinyBundle(t, 1))
	teacher := below(snapshot(n.store), teacherScope)
	var before, students map[string][]float32
	for step := 1; step <= 4; step++ {
		students, before = below(snapshot(n.store), studentScope), below(snapshot(n.store), stageScope)
		if step < 4 {
			if diff := cmp.Diff(teacher, before); diff != "" {
				t.Fatalf("step %d: the first stage has another teacher", step)
			}
		}
		if _, err := n.step(step); err != nil {
			t.Fatal(err)
		}
	}
	if after := below(snapshot(n.store), stageScope); !cmp.Equal(after, students) || cmp.Equal(after, before) {
		t.Error("the second stage's teacher is not the student at its beginning")
	}
}

// The stage's teacher is state beyond the student, and so is a fake score: killed in the middle and resumed, a run ends with the same bytes.
func TestMethodsWithStateResume(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b := tinyBundle(t, 1)
	for name, edit := range map[string]func(*Config){"progressive": progressed, "f-distill": fDistilled("js"), "SiD": scoreIdentical} {
		cfg := tinyConfig(t, edit, func(c *Config) { c.Steps = 7 })
		want := files(t, new(Trainer), cfg, b, t.TempDir())
		root := t.TempDir()
		interrupt(t, cfg, b, root, 4)
		w := &Trainer{Keep: 1}
		defer w.Close()
		other := cfg
		other.Seed++
		files(t, w, other, b, t.TempDir()) // leaves its state in the kept store
		if diff := cmp.Diff(want, files(t, w, cfg, b, root)); diff != "" {
			t.Errorf("%s, resumed (-undisturbed +resumed)\n%s", name, diff)
		}
	}
}
