package distill

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
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
			return []*Node{tangent(student, w.denoiser, xt, student(xt, at, cond), at, diffusion.LevelFrom(in[2]), diffusion.LevelFrom(in[3]), in[4], in[5], cond, in[6])}
		}, same(x), level(0), level(delta), level(-delta), same(math.Pi/2*delta), same(-math.Pi/2*delta), same(1))
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
	cfg := tinyConfig(t, continuous, func(c *Config) { c.Steps, c.Batch = 40, 64 })
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
		for i, got := range graphtest.Floats(in.Warm) {
			want := warm
			if levels(in.Level)[i][0] < DefaultSCM.Anchor {
				want = 0
			}
			if math.Abs(float64(got)-want) > 1e-6 {
				t.Errorf("step %d: r = %g at t = %g, want %g", step, got, levels(in.Level)[i][0], want)
			}
		}
	}
}

// The loss is that of a normalised tangent, at most 1, and the student moves, deaf to fast waves of the time.
func TestSCMStep(t *testing.T) {
	cfg := tinyConfig(t, continuous, func(c *Config) { c.Reduction = Mean })
	n := newBench(t, cfg, tinyBundle(t, 1))
	for _, at := range n.take(t, 3) {
		if !(at["distill"] > 0 && at["distill"] <= 1) || !(at["student_grad"] > 0) {
			t.Errorf("%v, want a loss within 0 … 1 and a gradient", at)
		}
	}
	layer, frequencies, _ := n.Bundle.Backbone(cfg.Student()).TimeWaves()
	for _, scope := range []string{studentScope, studentEMAScope} {
		for i, w := range graphtest.Floats(n.store.GetVariable("/" + scope + "/" + layer + "/weight").MustValue()) { // [·,cosines and sines]
			if fast := 1000*float64(frequencies[i%len(frequencies)]) > 2*math.Pi; fast != (w == 0) {
				t.Errorf("%s: weight %d of the waves is %g, want 0 for the fast ones alone", scope, i, w)
			}
		}
	}
}

// pixelBundle is a bundle of pictures of one pixel, whose student is a narrow U-Net.
func pixelBundle(t *testing.T) *pretrain.Bundle {
	c := *tinyTrainer()
	none := network.ConvNetConfig{}
	c.Config.Size, c.Config.Networks.Tower, c.Config.Networks.Classifier, c.Config.Networks.PairImage = 1, none, none, none
	c.Config.Networks.UNet = network.UNetConfig{
		InChannels: 3, OutChannels: 3, BlockOutChannels: []int{8}, LayersPerBlock: 1, CrossAttention: []bool{false}, CrossAttentionDim: 8, Heads: []int{2},
		PooledDim: 8, TransformerDepth: 1, LinearProjection: true, NormGroups: 2, Stem: 1, PoolDown: true, PlainUp: true,
	}
	c.Config.Networks.Features = network.ViTConfig{ImageSize: 1, Patch: 1, Width: 16, Depth: 1, Heads: 2, Stem: "patch"}
	return randomBundle(t, &c, 1)
}

// A student of the exact denoiser of four modes draws points near them in one step. Without the anchor the same training ends in one point
// that satisfies the objective and is far from the data.
func TestSCMStaysOnTheData(t *testing.T) {
	const blue = .75
	ring, b := diffusion.Ring(4, .75, .1), pixelBundle(t)
	teacher := func(xt *Node, level diffusion.Level, _ diffusion.Cond) *Node {
		channels := func(x *Node, from, to int) *Node {
			return Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(from, to))
		}
		at := ring.Denoiser()(channels(xt, 0, 2), level, diffusion.Cond{})
		return Concatenate([]*Node{at, AddScalar(ZerosLike(channels(xt, 2, 3)), blue)}, -1)
	}
	draw := func(anchor float64) (near, spread float64) {
		settings := DefaultSCM
		settings.Anchor = anchor
		cfg := tinyConfig(t, continuous, func(c *Config) {
			c.Steps, c.Batch, c.TeacherGuidance, c.Reduction, c.Method = 120, 32, 0, Sum, &Named{settings}
			c.StudentRate = optim.Rate{Peak: 3e-3, Warmup: 20, Decay: .3, Final: .1}
		})
		n := newBench(t, cfg, b)
		m := n.method.(*scm)
		p, err := train.NewProgram(n.Backend, n.store, train.GraphOf(func(root *model.Scope, in scmInputs[*Node]) map[string]*Node {
			return m.learn(networks{setup: m.setup, root: root}, in, teacher)
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for step := 1; step <= cfg.Steps; step++ {
			batch := dataset.Batch{Captions: make([]string, cfg.Batch)}
			for x := range slices.Chunk(ring.Sample(rng.New(1, "points", step), cfg.Batch), 2) {
				batch.Images = append(batch.Images, float32(x[0]), float32(x[1]), blue)
			}
			if _, err := p.Call(m.draw(batch, step, step)); err != nil {
				t.Fatal(err)
			}
		}
		in := m.drawStudent(dataset.Batch{Images: make([]float32, 3*cfg.Batch), Captions: make([]string, cfg.Batch)}, 1, 1, slices.Repeat([]float64{1}, cfg.Batch))
		x0 := graphtest.Floats(graphtest.Run(t, n.store, func(root *model.Scope, in []*Node) []*Node {
			net := networks{setup: m.setup, root: root}
			return []*Node{net.studentOf(studentEMAScope)(in[0], diffusion.LevelFrom(in[1]), net.text(in[2]))}
		}, in.Noise, in.Level, in.Caption)[0])
		var red []float64
		for x := range slices.Chunk(x0, 3) {
			red = append(red, float64(x[0]))
			if slices.ContainsFunc(ring, func(c diffusion.Component) bool {
				return math.Hypot(float64(x[0])-c.Mean[0], float64(x[1])-c.Mean[1]) < 3*c.Std
			}) {
				near += 1 / float64(cfg.Batch)
			}
		}
		return near, stat.StdDev(red, nil)
	}
	if near, spread := draw(DefaultSCM.Anchor); !(near > .3 && spread > .3) {
		t.Errorf("%.2f of the points are near a mode and their spread is %.2f, want above .3 each", near, spread)
	}
	if near, spread := draw(0); !(near < .3 && spread < .1) {
		t.Errorf("without an anchor %.2f of the points are near a mode and their spread is %.2f: the test shows nothing", near, spread)
	}
}
