package diffusion

import (
	"fmt"
	"math"
	"testing"

	"github.com/addlab/addlab/internal/rng"
)

// Euler's method written down in EDM's coordinates.
func TestEulerIsEulersMethod(t *testing.T) {
	for _, s := range []Schedule{StableDiffusion{}, Cosine{}} {
		plan, err := Euler{}.Plan(s, 6)
		if err != nil {
			t.Fatal(err)
		}
		denoise := func(x []float64, u float64) []float64 { return []float64{math.Tanh(x[0] + u)} }
		got := Apply(plan[1:], []float64{0.8}, denoise, nil)[0] // the first step of cosine comes from σ/α = ∞

		alpha, _ := s.AlphaSigma(plan[1].T)
		bar := 0.8 / alpha
		for i, step := range plan[1:] {
			alpha, sigma := s.AlphaSigma(step.T)
			next := 0.0
			if i+2 < len(plan) {
				a, b := s.AlphaSigma(plan[i+2].T)
				next = b / a
			}
			slope := (bar - denoise([]float64{bar * alpha}, step.T)[0]) / (sigma / alpha)
			bar += (next - sigma/alpha) * slope
		}
		near(t, s.Name(), got, bar, 1e-12)
	}
}

// EDM eq. 5: σ_i = (σ_max^(1/ρ) + i/(N−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ, σ_N = 0. The first point is pure noise instead, and a schedule
// that does not reach σ_max begins where it does.
func TestKarrasGrid(t *testing.T) {
	const steps = 18
	for _, test := range []struct {
		schedule Schedule
		max, min float64
	}{
		{Cosine{}, 80, 0.002},
		{StableDiffusion{}, math.Exp(-LogSNR(StableDiffusion{}, 0.999)), math.Exp(-LogSNR(StableDiffusion{}, 0.001))},
	} {
		plan, err := Euler{}.Plan(test.schedule, steps)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "first time", plan[0].T, 1, 0)
		for i, step := range plan[1:] {
			first, last := math.Pow(test.max, 1./7), math.Pow(test.min, 1./7)
			want := math.Pow(first+float64(i+1)/(steps-1)*(last-first), 7)
			got := math.Exp(-LogSNR(test.schedule, step.T))
			near(t, fmt.Sprintf("%s: σ/α of step %d relative to EDM's", test.schedule.Name(), i+2), got/want, 1, 1e-9)
		}
	}
}

// Data N(0, s²) have the exact denoiser E[x₀|x] = α s² x/v, v = α² s² + σ². A step of x ← (X + X0·α s²/v)·x + Noise·z is linear, so the
// variance of x can be followed. The exact one is approached from below at first order, by the noisy steps and by those without noise.
func TestEulerApproachesGaussianMarginals(t *testing.T) {
	const s2 = 0.49
	variance := func(alpha, sigma float64) float64 { return alpha*alpha*s2 + sigma*sigma }
	for _, s := range Schedules() {
		for _, sampler := range []Sampler{Euler{}, EulerAncestral{}, EulerAncestral{Grid: GridLogSNR}} {
			lack := func(steps int) (most float64) { // the largest, relative to the exact variance
				plan, err := sampler.Plan(s, steps)
				if err != nil {
					t.Fatal(err)
				}
				v := variance(s.AlphaSigma(1))
				for i, step := range plan[:steps-1] { // the last step, from t = 0.001, is of one length
					alpha, sigma := s.AlphaSigma(step.T)
					gain := step.X + step.X0*alpha*s2/variance(alpha, sigma)
					v = gain*gain*v + step.Noise*step.Noise
					lost := 1 - v/variance(s.AlphaSigma(plan[i+1].T))
					if lost < -1e-9 {
						t.Errorf("%s, %s: variance %g above the exact one", s.Name(), sampler.Name(), -lost)
					}
					most = max(most, lost)
				}
				return most
			}
			coarse, fine := lack(400), lack(800)
			if !(coarse < 0.04) || math.Abs(coarse/fine-2) > 0.12 {
				t.Errorf("%s, %s: variance lacks %.3g in 400 steps and %.3g in 800, want little and half of it", s.Name(), sampler.Name(), coarse, fine)
			}
		}
	}
}

// The samples of the noisy steps are those of the mixture, not only its variance: mean and spread of the radius on a ring of eight modes.
func TestEulerAncestralSamplesTheMixture(t *testing.T) {
	const n, steps = 4000, 200
	ring, s := Ring(8, 1, 0.1), Cosine{}
	plan, err := EulerAncestral{}.Plan(s, steps)
	if err != nil {
		t.Fatal(err)
	}
	r := rng.New(3, "ring", 0)
	normal := func() []float64 {
		x := make([]float64, 2*n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		return x
	}
	x := Apply(plan, normal(), func(x []float64, u float64) []float64 {
		alpha, sigma := s.AlphaSigma(u)
		return ring.Denoise(x, alpha, sigma)
	}, normal)
	moments := func(x []float64) (mean, spread float64) {
		for i := 0; i < len(x); i += 2 {
			mean += math.Hypot(x[i], x[i+1]) / float64(len(x)/2)
		}
		for i := 0; i < len(x); i += 2 {
			spread += math.Pow(math.Hypot(x[i], x[i+1])-mean, 2) / float64(len(x)/2)
		}
		return mean, math.Sqrt(spread)
	}
	mean, spread := moments(x)
	wantMean, wantSpread := moments(ring.Sample(r, n))
	near(t, "mean radius", mean, wantMean, 0.01) // four standard errors of the difference are 0.009
	near(t, "spread of the radius", spread, wantSpread, 0.01)
}
