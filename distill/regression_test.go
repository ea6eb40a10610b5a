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
	"github.com/addlab/addlab/internal/rng"
)

// Of one Gaussian N(m, s²) the ODE ends in m + s·ε. A student that says so is the minimiser, while the teacher's own answer to pure noise,
// the mean m, is s² away.
func TestRegressionOfAGaussian(t *testing.T) {
	const n, s = 4000, .5
	world := diffusion.Mixture{{Weight: 1, Mean: [2]float64{1, -2}, Std: s}}
	r, eps := rng.New(9, "law", 0), make([]float64, 2*n)
	exact, mean := make([]float64, 2*n), make([]float64, 2*n)
	for i := range eps {
		eps[i], mean[i] = r.NormFloat64(), world[0].Mean[i%2]
		exact[i] = mean[i] + s*eps[i]
	}
	pairs, err := world.Solve(diffusion.Cosine{}, diffusion.DPMSolverPP2M{}, 25, eps)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		student []float64
		want    float64
	}{"the ODE's end": {exact, 0}, "the teacher's mean": {mean, s * s}} {
		points := func(v []float64) *tensors.Tensor {
			return tensors.FromFlatDataAndDimensions(slices.Clone(v), n, 1, 1, 2)
		}
		out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{(setup{cfg: Config{Reduction: Mean}}).distance(in[0], in[1], 0)}
		}, points(c.student), points(pairs))
		if got := doubles(out[0])[0]; math.Abs(got-c.want) > .02 {
			t.Errorf("%s is %.4f away from the pairs, want %.4f", name, got, c.want)
		}
	}
}

// The loss of a step is the distance of what the student draws from the noise of its pairs to their pictures.
func TestRegressionFollowsTheEquation(t *testing.T) {
	for _, huber := range []float64{0, .1} {
		b := tinyBundle(t, 1)
		cfg := tinyConfig(t, byRegression, func(c *Config) {
			r := c.Method.Settings.(Regression)
			r.Huber, c.Reduction = huber, Mean
			c.Method = &Named{r}
		})
		n := newBench(t, cfg, b)
		batch, err := n.feed.Batch(1)
		if err != nil {
			t.Fatal(err)
		}
		area := len(batch.Images) / cfg.Batch
		p := cfg.Method.Settings.(Regression).Pairs
		var noise []float32
		for _, i := range batch.Indices {
			noise = append(noise, p.noise(i, area)...)
		}
		s, err := newSetup(cfg, b)
		if err != nil {
			t.Fatal(err)
		}
		said := graphtest.Floats(graphtest.Run(t, n.store, func(root *model.Scope, in []*Node) []*Node {
			nets := networks{setup: s, root: root}
			return []*Node{nets.student()(in[0], diffusion.LevelFrom(in[1]), nets.text(in[2]))}
		}, s.samples(noise), s.levels([]float64{1, 1, 1, 1}), s.tokens(batch.Captions...))[0])
		want := 0.0
		for i, x := range said {
			d := float64(x - batch.Images[i])
			if huber > 0 {
				d = math.Sqrt(d*d+huber*huber) - huber
			} else {
				d *= d
			}
			want += d / float64(len(said))
		}
		if got := n.take(t, 1)[0]["distill"]; math.Abs(got-want) > 1e-4*want || !(want > 0) {
			t.Errorf("huber = %g: loss %g, want %g", huber, got, want)
		}
	}
}

// The student learns its pairs: noise by noise, where the average over a caption would not do.
func TestRegressionLearnsItsPairs(t *testing.T) {
	cfg := tinyConfig(t, byRegression, func(c *Config) { c.Batch, c.Steps, c.StudentRate.Peak = 16, 25, 5e-3 })
	curve := newBench(t, cfg, tinyBundle(t, 1)).take(t, cfg.Steps)
	if first, last := curve[0]["distill"], curve[cfg.Steps-1]["distill"]; !(last < .6*first) {
		t.Errorf("loss from %g to %g, want it to fall", first, last)
	}
}

// Beside a discriminator the student still follows the teacher's pairs, and the real pictures are the data set's of the same captions.
func TestRegressionWithADiscriminator(t *testing.T) {
	cfg := tinyConfig(t, byRegression, func(c *Config) { c.Adversarial, c.Discriminator.Image = .5, false })
	n := newBench(t, cfg, tinyBundle(t, 1))
	batch, err := n.feed.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	in := n.method.Updates(1)[0].Draw(batch, 1).(regressionInputs[*tensors.Tensor])
	set := n.method.(*regression).set
	var drawn, real, noise []float32
	for _, i := range batch.Indices {
		pair, err := set.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		sample, err := n.Data.Train().Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		if pair.Caption != sample.Caption {
			t.Fatalf("pair %d has the caption %q, the picture beside it %q", i, pair.Caption, sample.Caption)
		}
		drawn, real, noise = append(drawn, pair.Image.Pix...), append(real, sample.Image.Pix...), append(noise, set.noise(i, len(sample.Image.Pix))...)
	}
	for what, c := range map[string]struct {
		want []float32
		got  *tensors.Tensor
	}{"the teacher's": {drawn, in.Real}, "the data set's": {real, in.Picture}, "noise": {noise, in.Noise}} {
		if !slices.Equal(c.want, graphtest.Floats(c.got)) {
			t.Errorf("a batch does not have %s", what)
		}
	}
	// Without the adversarial weight the same distance.
	alone := newBench(t, tinyConfig(t, byRegression), tinyBundle(t, 1)).take(t, 1)[0]
	first := n.take(t, 1)[0]
	if math.Abs(first["distill"]-alone["distill"]) > 1e-4*alone["distill"] || first["adv_grad"] <= 0 || first["d_grad"] <= 0 {
		t.Errorf("distance %g and gradients %g, %g, want %g and more than 0", first["distill"], first["adv_grad"], first["d_grad"], alone["distill"])
	}
}

// With matching, DMD, the pull of the scores is added from its first step on, and the fake score learns.
func TestRegressionWithMatching(t *testing.T) {
	curve := newBench(t, tinyConfig(t, byRegression, func(c *Config) {
		c.TeacherGuidance, c.Matching = 2, aMatching()
		c.Matching.From = 2
	}), tinyBundle(t, 1)).take(t, 2)
	if before, after := curve[0], curve[1]; before["match_grad"] != 0 || before["fake_score"] != 0 || after["match_grad"] <= 0 || after["fake_score"] <= 0 {
		t.Errorf("pull and loss of the fake score %g, %g in step 1, %g, %g in step 2, want 0 and more", before["match_grad"], before["fake_score"], after["match_grad"], after["fake_score"])
	}
}
