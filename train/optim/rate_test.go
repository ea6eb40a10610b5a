package optim

import (
	"math"
	"testing"
)

func TestRate(t *testing.T) {
	const steps = 100
	r := Rate{Peak: 2, Warmup: 10, Decay: 0.4, Final: 0.1}
	for _, at := range []struct {
		why  string
		rate Rate
		step int
		want float64
	}{
		{"first step of the warm-up", r, 1, 0.2},
		{"middle of the warm-up", r, 5, 1},
		{"end of the warm-up", r, 10, 2},
		{"constant", r, 30, 2},
		{"last constant step", r, 60, 2},
		{"a quarter of the fall", r, 70, 2 * (0.1 + 0.9*(1+math.Sqrt2/2)/2)},
		{"middle of the fall", r, 80, 2 * 0.55},
		{"last step", r, 100, 0.2},
		{"no warm-up", Rate{Peak: 2}, 1, 2},
		{"no fall", Rate{Peak: 2}, steps, 2},
		{"no fall, whatever the final share", Rate{Peak: 2, Final: 0.5}, steps, 2},
		{"no fall after the last step", Rate{Peak: 2}, steps + 5, 2},
		{"fall to nothing", Rate{Peak: 2, Decay: 1}, steps, 0},
		{"fall from the start", Rate{Peak: 2, Decay: 1}, 50, 1},
		{"warm-up and fall at once", Rate{Peak: 2, Decay: 1, Warmup: 100}, 50, 0.5},
	} {
		if got := at.rate.At(at.step, steps); !(math.Abs(got-at.want) <= 1e-12) { // so that NaN fails
			t.Errorf("%s: rate of step %d = %g, want %g", at.why, at.step, got, at.want)
		}
	}
}

func TestRateHasNoJumps(t *testing.T) {
	const steps = 1000
	r := Rate{Peak: 1, Warmup: 100, Decay: 0.3, Final: 0.1}
	for step := 1; step < steps; step++ {
		if jump := math.Abs(r.At(step+1, steps) - r.At(step, steps)); jump > 0.0101 { // of the warm-up, the steepest part
			t.Errorf("rate jumps by %g after step %d", jump, step)
		}
	}
}
