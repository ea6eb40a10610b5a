package pretrain

import (
	"math"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
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

func TestLossWeightBoundsLowNoise(t *testing.T) {
	sin2 := func(time float64) float64 { return math.Pow(math.Sin(math.Pi/2*time), 2) } // σ² of the cosine schedule
	for _, test := range []struct {
		kind              diffusion.Prediction
		time, gamma, want float64
	}{
		{diffusion.PredictV, 1, 5, 1},   // no signal
		{diffusion.PredictV, 0.5, 5, 1}, // SNR 1: γ/2 > 1
		{diffusion.PredictV, 0.1, 0, 1}, // off
		{diffusion.PredictV, 0.2, 5, 5 * sin2(0.2)},
		{diffusion.PredictX0, 1, 5, 1},
		{diffusion.PredictX0, 0.5, 5, 2}, // SNR + 1
		{diffusion.PredictX0, 0.1, 5, 5},
		{diffusion.PredictX0, 0.1, 0, 1 / sin2(0.1)},
		{diffusion.PredictEps, 0.9, 5, 1},
		{diffusion.PredictEps, 0.1, 5, 5 * sin2(0.1) / (1 - sin2(0.1))},
		{diffusion.PredictEps, 1, 0, 1},
	} {
		got := float64(lossWeight(diffusion.Cosine{}, test.kind, test.time, test.gamma))
		if math.Abs(got-test.want) > 1e-5*test.want {
			t.Errorf("weight of %s at t = %g, γ = %g: %g, want %g", test.kind, test.time, test.gamma, got, test.want)
		}
	}
}

// The same error of the clean picture costs the same whether v or x₀ is predicted.
func TestLossWeightKeepsTheVLoss(t *testing.T) {
	for time := 0.05; time < 1; time += 0.1 {
		_, sigma := diffusion.Cosine{}.AlphaSigma(time)
		v := float64(lossWeight(diffusion.Cosine{}, diffusion.PredictV, time, 5)) / (sigma * sigma)
		x0 := float64(lossWeight(diffusion.Cosine{}, diffusion.PredictX0, time, 5))
		if math.Abs(v/x0-1) > 1e-5 {
			t.Errorf("t = %.2f: an error of x̂₀ costs %g by v, %g by x₀", time, v, x0)
		}
	}
}
