package pretrain

import (
	"math"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/rng"
)

func TestTimesAreUniformOrGatherTowardsNoise(t *testing.T) {
	const n = 20000
	mid := func(share float64) float64 {
		r, count := rng.New(1, "times", 0), 0
		for k := range n {
			v := drawTime(r, k%16, 16, share)
			if v <= 0 || v >= 1 {
				t.Fatalf("t = %g, want within (0,1)", v)
			}
			if v > 0.5 && v < 0.9 {
				count++
			}
		}
		return float64(count) / n
	}
	if got := mid(0); math.Abs(got-0.4) > 0.02 {
		t.Errorf("share of uniform times in (.5,.9) = %.3f, want .4", got)
	}
	// Φ(logit .9 − 1.2) − Φ(logit .5 − 1.2) = Φ(0.997) − Φ(−1.2)
	if got := mid(1); math.Abs(got-0.7256) > 0.02 {
		t.Errorf("share of logit-normal times in (.5,.9) = %.3f, want .726", got)
	}
}

func TestMinSNRBoundsTheWeightOfLowNoise(t *testing.T) {
	for _, test := range []struct{ time, gamma, want float64 }{
		{1, 5, 1},   // no signal
		{0.5, 5, 1}, // SNR 1: γ/2 > 1
		{0, 5, 0},   // no noise
		{0.1, 0, 1}, // off
		{0.2, 5, 5 * math.Pow(math.Sin(math.Pi*0.1), 2)}, // γ/(SNR+1) = γσ² for α²+σ²=1
	} {
		got := float64(minSNR(diffusion.Cosine{}, test.time, test.gamma))
		if math.Abs(got-test.want) > 1e-6 {
			t.Errorf("weight at t = %g, γ = %g: %g, want %g", test.time, test.gamma, got, test.want)
		}
	}
}
