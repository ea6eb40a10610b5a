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

// drawStep draws a step of a method of which nothing runs.
func drawStep[In any](cfg Config, step int) In {
	batch := dataset.Batch{Images: make([]float32, cfg.Batch*tinyworld.Size*tinyworld.Size*3), Captions: make([]string, cfg.Batch)}
	for i := range batch.Captions {
		batch.Captions[i] = "a red circle"
	}
	c := tinyTrainer()
	method, err := newMethod(cfg, &pretrain.Bundle{Config: c.Config, Words: c.Words})
	if err != nil {
		panic(err)
	}
	return method.Updates(step)[0].Draw(batch, step).(In)
}

type hostInputs = addInputs[*tensors.Tensor]

func TestDrawBelongsToSeedAndStep(t *testing.T) {
	// The picture, the caption and the level of s may stay the same: everything else is drawn from a continuum.
	drawn := func(cfg Config, step int) map[string][]float32 {
		in := drawStep[hostInputs](cfg, step)
		return map[string][]float32{
			"noise": graphtest.Floats(in.Noise), "teacher noise": graphtest.Floats(in.TeacherNoise), "teacher levels": graphtest.Floats(in.TeacherLevels),
			"real view": graphtest.Floats(in.RealView), "fake view": graphtest.Floats(in.FakeView),
		}
	}
	cfg := tinyConfig(t)
	first := drawn(cfg, 7)
	if diff := cmp.Diff(first, drawn(cfg, 7)); diff != "" {
		t.Errorf("drawn twice (-first +second):\n%s", diff)
	}
	cfg.Seed++
	for what, other := range map[string]map[string][]float32{"step": drawn(tinyConfig(t), 8), "seed": drawn(cfg, 7)} {
		for name, x := range first {
			if slices.Equal(x, other[name]) {
				t.Errorf("another %s has the same %s", what, name)
			}
		}
	}
	if slices.Equal(first["noise"], first["teacher noise"]) {
		t.Error("ε and ε′ are the same noise")
	}
	if slices.Equal(first["real view"], first["fake view"]) {
		t.Error("real and generated pictures are augmented alike")
	}
}

// What a config does not use is not drawn.
func TestDrawnAreTheInputsInUse(t *testing.T) {
	used := func(edit func(c *Config)) map[string]bool {
		in := drawStep[hostInputs](tinyConfig(t, edit), 1)
		return map[string]bool{
			"views":   in.RealView != nil && in.FakeView != nil && in.HeadsRate != nil,
			"teacher": in.TeacherNoise != nil && in.TeacherLevels != nil && in.Weight != nil,
			"empty":   in.Empty != nil, "negative": in.Negative != nil,
		}
	}
	for _, test := range []struct {
		name string
		edit func(c *Config)
		want map[string]bool
	}{
		{"default", func(*Config) {}, map[string]bool{"views": true, "teacher": true, "empty": false, "negative": false}},
		{"guided", func(c *Config) { c.TeacherGuidance = 2 }, map[string]bool{"views": true, "teacher": true, "empty": true, "negative": false}},
		{"nfsd", func(c *Config) { c.Weighting = "nfsd" }, map[string]bool{"views": true, "teacher": true, "empty": true, "negative": true}},
		{"no teacher", func(c *Config) { c.Lambda = 0 }, map[string]bool{"views": true, "teacher": false, "empty": false, "negative": false}},
		{"no discriminator", func(c *Config) { c.Adversarial = 0 }, map[string]bool{"views": false, "teacher": true, "empty": false, "negative": false}},
	} {
		if diff := cmp.Diff(test.want, used(test.edit)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// The average forgets its start before the configured decay rules.
func TestTheAveragesDecayWarmsUp(t *testing.T) {
	for step, want := range map[int]float64{1: 2. / 11, 800: 801. / 810, 889: 890. / 899, 890: .99, 20000: .99} {
		in := drawStep[hostInputs](tinyConfig(t, func(c *Config) { c.Steps = 20000 }), step)
		if decay := graphtest.Floats(in.Decay); !slices.Equal(decay, []float32{float32(want)}) {
			t.Errorf("step %d: decay = %v, want %g", step, decay, want)
		}
	}
}

// levels are rows of t, α and σ.
func levels(x *tensors.Tensor) (rows [][3]float64) {
	flat := graphtest.Floats(x)
	for i := 0; i < len(flat); i += 3 {
		rows = append(rows, [3]float64{float64(flat[i]), float64(flat[i+1]), float64(flat[i+2])})
	}
	return rows
}

// At the first time, whatever its number and the schedule, the student's input is noise alone; elsewhere it has the level that the
// student is told.
func TestTheFirstTimeIsPureNoise(t *testing.T) {
	for _, times := range [][]int{{1000, 750, 500, 250}, {950, 500}} {
		in, pure := drawStep[hostInputs](tinyConfig(t, func(c *Config) { c.Times, c.Batch = times, 8 }), 3), 0
		told := levels(in.Level)
		for i, start := range levels(in.Start) {
			want := told[i]
			if math.Round(1000*want[0]) == float64(times[0]) {
				want[1], want[2] = 0, 1
				pure++
			}
			if start != want || want[1] == 0 && want[2] != 1 {
				t.Errorf("told %v, level of x_s = %v, want %v", told[i], start, want)
			}
		}
		if pure != 8/len(times) {
			t.Errorf("%v: %d of 8 inputs are pure noise, want %d", times, pure, 8/len(times))
		}
	}
}

// With a signal leak every input has the level that the student is told.
func TestSignalLeak(t *testing.T) {
	in := drawStep[hostInputs](tinyConfig(t, func(c *Config) { c.Times, c.Batch, c.SignalLeak = []int{950, 500}, 8, true }), 3)
	if diff := cmp.Diff(levels(in.Level), levels(in.Start)); diff != "" {
		t.Errorf("levels (-told +of x_s)\n%s", diff)
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
			in := drawStep[hostInputs](cfg, step)
			for _, s := range levels(in.Level) {
				counts[int(math.Round(s[0]*1000))]++
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

// t is uniform on [min,max]: each of as many equal parts as the batch has pictures is hit once per step, whatever s is.
func TestTeacherTimes(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.Batch, c.TeacherMin, c.TeacherMax, c.TeacherSteps = 8, 100, 900, 4 })
	meanAt, count := map[float64]float64{}, map[float64]float64{}
	for step := 1; step <= 300; step++ {
		in := drawStep[hostInputs](cfg, step)
		teacher, s, weights := levels(in.TeacherLevels), levels(in.Level), graphtest.Floats(in.Weight)
		var parts []int
		for i := range cfg.Batch {
			top := teacher[i][0]
			parts = append(parts, int((top-0.1)/0.8*float64(cfg.Batch)))
			meanAt[s[i][0]] += top
			count[s[i][0]]++

			alpha, sigma := diffusion.Cosine{}.AlphaSigma(top)
			if want := diffusion.Exponential.C(alpha, sigma); math.Abs(float64(weights[i])-want) > 1e-6 {
				t.Fatalf("c(%g) = %g, want %g", top, weights[i], want)
			}
			for k := range cfg.TeacherSteps {
				at := teacher[k*cfg.Batch+i]
				time := top * float64(cfg.TeacherSteps-k) / float64(cfg.TeacherSteps)
				alpha, sigma := diffusion.Cosine{}.AlphaSigma(time)
				for j, want := range []float64{time, alpha, sigma} {
					if math.Abs(at[j]-want) > 1e-6 {
						t.Fatalf("teacher step %d from %g: (t, α, σ) = %v, want %g at %d", k, top, at, want, j)
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
