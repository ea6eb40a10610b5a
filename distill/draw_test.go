package distill

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
)

// drawer is a distiller that draws and does nothing else.
func drawer(cfg Config) *distiller {
	c := tinyContext()
	weighting, err := diffusion.WeightingByName(cfg.Weighting)
	if err != nil {
		panic(err)
	}
	return &distiller{cfg: cfg, bundle: &pretrain.Bundle{Config: c.Config, Words: c.Words}, schedule: diffusion.Cosine{}, weighting: weighting}
}

// drawn are the host's values of a step.
type drawn struct {
	shapes                              [][]int
	level, seesImage, teacherT, weights []float32
	all                                 [][]float32 // every float input
	ids                                 []int32
}

func drawStep(cfg Config, step int) drawn {
	batch := dataset.Batch{Images: make([]float32, cfg.Batch*tinyworld.Size*tinyworld.Size*3), Captions: make([]string, cfg.Batch)}
	for i := range batch.Captions {
		batch.Captions[i] = "a red circle"
	}
	var d drawn
	for i, x := range drawer(cfg).draw(batch, step) {
		d.shapes = append(d.shapes, x.Shape().Dimensions)
		if i >= 3 && i <= 5 {
			d.ids = append(d.ids, tensors.MustCopyFlatData[int32](x)...)
			continue
		}
		d.all = append(d.all, graphtest.Floats(x))
		switch i {
		case 2:
			d.level = graphtest.Floats(x)
		case 6:
			d.seesImage = graphtest.Floats(x)
		case 10:
			d.teacherT = graphtest.Floats(x)
		case 11:
			d.weights = graphtest.Floats(x)
		}
	}
	return d
}

func TestDrawBelongsToSeedAndStep(t *testing.T) {
	cfg := tinyConfig(t)
	first, again := drawStep(cfg, 7), drawStep(cfg, 7)
	if diff := cmp.Diff(first, again, cmp.AllowUnexported(drawn{})); diff != "" {
		t.Errorf("drawn twice (-first +second):\n%s", diff)
	}
	cfg.Seed++
	// The picture, the caption and the level of s may stay the same: everything else is drawn from a continuum.
	for what, other := range map[string]drawn{"step": drawStep(tinyConfig(t), 8), "seed": drawStep(cfg, 7)} {
		for name, i := range map[string]int{"noise": 1, "real view": 4, "fake view": 5, "teacher noise": 6, "teacher levels": 7} {
			if slices.Equal(first.all[i], other.all[i]) {
				t.Errorf("another %s has the same %s", what, name)
			}
		}
	}
	if slices.Equal(first.all[1], first.all[6]) {
		t.Error("ε and ε′ are the same noise")
	}
	if slices.Equal(first.all[4], first.all[5]) {
		t.Error("real and generated pictures are augmented alike")
	}
}

func TestDrawShapes(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.TeacherSteps = 3 })
	picture, words := []int{4, tinyworld.Size, tinyworld.Size, 3}, tinyContext().Words.Context
	want := [][]int{picture, picture, {4, 3}, {4, words}, {1, words}, {1, words}, {4}, {4, 12}, {4, 12}, picture, {3, 4, 3}, {4}, {3}, {3}, {}}
	if diff := cmp.Diff(want, drawStep(cfg, 1).shapes, cmp.Transformer("none", func(x []int) []int { return append([]int{}, x...) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The average forgets its start before the configured decay rules.
func TestTheAveragesDecayWarmsUp(t *testing.T) {
	for step, want := range map[int]float64{1: 2. / 11, 800: 801. / 810, 889: 890. / 899, 890: .99, 20000: .99} {
		all := drawStep(tinyConfig(t, func(c *Config) { c.Steps = 20000 }), step).all
		if decay := all[len(all)-1]; !slices.Equal(decay, []float32{float32(want)}) {
			t.Errorf("step %d: decay = %v, want %g", step, decay, want)
		}
	}
}

// What the student is told of pure noise is the first time, whatever its number: the picture is hidden from the heads there.
func TestTheFirstTimeSeesNothing(t *testing.T) {
	d := drawStep(tinyConfig(t, func(c *Config) { c.Times, c.Batch = []int{950, 500}, 8 }), 1)
	for i, sees := range d.seesImage {
		if told := d.level[3*i]; (told == .95) != (sees == 0) || told != .95 && told != .5 {
			t.Errorf("told %g, sees the picture: %g", told, sees)
		}
	}
}

// A batch that the number of levels divides trains all of them equally in every step, another one over the steps.
func TestAllStudentLevelsAreTrainedEqually(t *testing.T) {
	for _, test := range []struct {
		name         string
		times        []int
		batch, steps int
		tolerance    float64 // of each level's share
	}{
		{"each step", []int{1000, 750, 500, 250}, 8, 5, 0},
		{"batch does not divide", []int{1000, 750, 500, 250}, 6, 400, 0.02},
		{"batch of one", []int{1000, 900, 800}, 1, 2000, 0.04},
		{"only pure noise", []int{1000}, 4, 3, 0},
	} {
		cfg := tinyConfig(t, func(c *Config) { c.Times, c.Batch = test.times, test.batch })
		counts := map[int]float64{}
		for step := 1; step <= test.steps; step++ {
			d := drawStep(cfg, step)
			for i := range cfg.Batch {
				counts[int(math.Round(float64(d.level[3*i])*1000))]++
			}
		}
		if len(counts) != len(test.times) {
			t.Errorf("%s: levels = %v, want those of %v", test.name, counts, test.times)
		}
		total, want := float64(test.batch*test.steps), 1/float64(len(test.times))
		for _, time := range test.times {
			if share := counts[time] / total; math.Abs(share-want) > test.tolerance {
				t.Errorf("%s: share of s = %d is %g, want %g ± %g", test.name, time, share, want, test.tolerance)
			}
		}
	}
}

// At τ_n the student's input is noise alone, α exactly 0, and there alone the heads are not shown the real picture.
func TestPureNoiseSeesNoImage(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.Batch = 8 })
	d, noise := drawStep(cfg, 3), 0
	for i := range cfg.Batch {
		s, alpha, sigma := d.level[3*i], d.level[3*i+1], d.level[3*i+2]
		if pure := s == 1; pure != (alpha == 0) || pure != (sigma == 1) || pure != (d.seesImage[i] == 0) {
			t.Errorf("s = %g: α = %g, σ = %g, sees image %g", s, alpha, sigma, d.seesImage[i])
		} else if pure {
			noise++
		} else if d.seesImage[i] != 1 {
			t.Errorf("s = %g: sees image %g, want 1", s, d.seesImage[i])
		}
	}
	if noise != 2 {
		t.Errorf("%d of 8 inputs are pure noise, want 2", noise)
	}
}

// t is uniform on [min,max]: each of as many equal parts as the batch has pictures is hit once per step, whatever s is.
func TestTeacherTimes(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.Batch, c.TeacherMin, c.TeacherMax, c.TeacherSteps = 8, 100, 900, 4 })
	meanAt, count := map[float32]float64{}, map[float32]float64{}
	for step := 1; step <= 300; step++ {
		d := drawStep(cfg, step)
		var parts []int
		for i := range cfg.Batch {
			top := float64(d.teacherT[3*i])
			parts = append(parts, int((top-0.1)/0.8*float64(cfg.Batch)))
			meanAt[d.level[3*i]] += top
			count[d.level[3*i]]++

			alpha, sigma := diffusion.Cosine{}.AlphaSigma(top)
			if want := (diffusion.Exponential{}).C(alpha, sigma); math.Abs(float64(d.weights[i])-want) > 1e-6 {
				t.Fatalf("c(%g) = %g, want %g", top, d.weights[i], want)
			}
			for k := range cfg.TeacherSteps {
				at := d.teacherT[3*(k*cfg.Batch+i):]
				time := top * float64(cfg.TeacherSteps-k) / float64(cfg.TeacherSteps)
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(time)
				for j, want := range []float64{time, alpha, sigma} {
					if math.Abs(float64(at[j])-want) > 1e-6 {
						t.Fatalf("teacher step %d from %g: (t, α, σ) = %v, want %g at %d", k, top, at[:3], want, j)
					}
				}
			}
		}
		slices.Sort(parts)
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7}, parts); diff != "" {
			t.Fatalf("step %d: parts of [min,max] (-want +got):\n%s", step, diff)
		}
	}
	for s, sum := range meanAt {
		if mean := sum / count[s]; math.Abs(mean-0.5) > 0.04 {
			t.Errorf("mean t beside s = %g is %g, want 0.5: they must not depend on each other", s, mean)
		}
	}
}
