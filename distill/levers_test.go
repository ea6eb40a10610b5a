package distill

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
)

// From PureFrom on a share of the pictures starts at pure noise, and the others share the further times equally.
func TestShareOfPureNoise(t *testing.T) {
	cfg := tinyConfig(t, func(c *Config) { c.Batch, c.Pure, c.PureFrom, c.Discriminator.NormGroup = 8, 5, 3, 8 })
	for step := 1; step <= 4; step++ {
		in := drawStep[addInputs[*tensors.Tensor]](cfg, step)
		counts, start := map[float64]int{}, levels(in.Start)
		for i, level := range levels(in.Level) {
			counts[level[0]]++
			if (start[i][1] == 0) != (level[0] == 1) {
				t.Errorf("step %d: t = %g starts at α = %g", step, level[0], start[i][1])
			}
		}
		want := map[float64]int{1: 5, .75: 1, .5: 1, .25: 1}
		if step < cfg.PureFrom {
			want = map[float64]int{1: 2, .75: 2, .5: 2, .25: 2}
		}
		if !cmp.Equal(counts, want) {
			t.Errorf("step %d: times %v, want %v", step, counts, want)
		}
	}
}

// Pictures of one caption are asked at one time, in ADD and in consistency.
func TestPicturesOfOneCaptionHaveOneTime(t *testing.T) {
	pairs := func(c *Config) { c.Batch, c.Pure, c.Discriminator.PerCaption = 8, 4, 2 }
	add := drawStep[addInputs[*tensors.Tensor]](tinyConfig(t, pairs), 1).Level
	lcm := drawStep[lcmInputs[*tensors.Tensor]](tinyConfig(t, func(c *Config) { pairs(c); consistent(c); c.Adversarial = 1 }), 1).Level
	for name, level := range map[string]*tensors.Tensor{"ADD": add, "consistency": lcm} {
		times := map[float64]bool{}
		for i, l := range levels(level) {
			if times[l[0]] = true; l[0] != levels(level)[i-i%2][0] {
				t.Errorf("%s: picture %d at t = %g, the other of its caption at %g", name, i, l[0], levels(level)[i-i%2][0])
			}
		}
		if len(times) < 3 {
			t.Errorf("%s: %d times, want 1 and two others", name, len(times))
		}
	}
}

// λ falls evenly to what LambdaDecay leaves of it, from its full value at the first step.
func TestLambdaFalls(t *testing.T) {
	whole := func(step int, edit func(*Config)) []float32 {
		return tensors.MustCopyFlatData[float32](drawStep[addInputs[*tensors.Tensor]](tinyConfig(t, edit), step).Weight)
	}
	steps := tinyConfig(t).Steps
	for step, left := range map[int]float64{1: 1, steps: .25} {
		kept, falling := whole(step, func(*Config) {}), whole(step, func(c *Config) { c.LambdaDecay = .75 })
		for i := range kept {
			if want := left * float64(kept[i]); math.Abs(float64(falling[i])-want) > 1e-6*want {
				t.Errorf("step %d of %d: weight %g, want %g of %g", step, steps, falling[i], left, kept[i])
			}
		}
	}
}

// The discriminator moves several times for a move of the student, each time on a batch of its own.
func TestDiscriminatorUpdates(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"ADD":   func(c *Config) { c.DiscriminatorUpdates = 3 },
		"pairs": func(c *Config) { c.DiscriminatorUpdates, c.Discriminator.PerCaption = 3, 2 },
		"consistency": func(c *Config) {
			consistent(c)
			c.Adversarial, c.DiscriminatorUpdates, c.Pure = 1, 3, 2
		},
	} {
		n := newBench(t, tinyConfig(t, edit), tinyBundle(t, 1))
		n.take(t, 1)
		updates := n.method.Updates(2)
		if len(updates) != 3 {
			t.Fatalf("%s: %d updates, want 3", name, len(updates))
		}
		before := snapshot(n.store)
		batch, err := n.feed.Batch(4)
		if err != nil {
			t.Fatal(err)
		}
		n.call(t, updates[0].Graph, updates[0].Draw(batch, 4))
		after := snapshot(n.store)
		for _, scope := range []string{studentScope, studentEMAScope} {
			if !maps.EqualFunc(below(before, scope), below(after, scope), slices.Equal) {
				t.Errorf("%s: the discriminator's own update moves the %s", name, scope)
			}
		}
		if maps.EqualFunc(below(before, discriminatorScope), below(after, discriminatorScope), slices.Equal) {
			t.Errorf("%s: the discriminator's own update leaves it where it is", name)
		}
		if moved := n.take(t, 2)[1]; !(moved["student_grad"] > 0) {
			t.Errorf("%s: %v, want the student to move in the last update", name, moved)
		}
	}
}
