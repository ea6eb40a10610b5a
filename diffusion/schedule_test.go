package diffusion

import (
	"math"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.10g, want %.10g ± %g", what, got, want, tol)
	}
}

func TestSchedulesKeepVarianceAndFall(t *testing.T) {
	for _, s := range Schedules() {
		t.Run(s.Name(), func(t *testing.T) {
			last := math.Inf(1)
			for i := range 7778 { // 7777 is prime to 1000: mostly between timesteps
				u := float64(i) / 7777
				alpha, sigma := s.AlphaSigma(u)
				near(t, "α²+σ²", alpha*alpha+sigma*sigma, 1, 1e-12)
				lambda := LogSNR(s, u)
				if i > 0 && !(lambda < last) {
					t.Fatalf("λ(%v) = %v, want below %v", u, lambda, last)
				}
				last = lambda
			}
		})
	}
}

func TestSchedulesAreCleanAtZeroAndContinuous(t *testing.T) {
	for _, s := range Schedules() {
		t.Run(s.Name(), func(t *testing.T) {
			if alpha, sigma := s.AlphaSigma(0); alpha != 1 || sigma != 0 {
				t.Errorf("α, σ at t = 0 are %v, %v, want exactly 1, 0", alpha, sigma)
			}
			for k := 1; k <= 1000; k++ {
				before, _ := s.AlphaSigma(float64(k)/1000 - 1e-12)
				at, _ := s.AlphaSigma(float64(k) / 1000)
				near(t, "α just before and at a timestep", before, at, 1e-10)
			}
		})
	}
}

func TestTerminalSNR(t *testing.T) {
	for _, s := range []Schedule{Cosine{}, StableDiffusion{ZeroTerminalSNR: true}} {
		if alpha, sigma := s.AlphaSigma(1); alpha != 0 || sigma != 1 {
			t.Errorf("%s: α, σ at t = 1 are %v, %v, want exactly 0, 1", s.Name(), alpha, sigma)
		}
	}
	plain, _ := StableDiffusion{}.AlphaSigma(0.001)
	rescaled, _ := StableDiffusion{ZeroTerminalSNR: true}.AlphaSigma(0.001)
	near(t, "first α after rescaling", rescaled, plain, 1e-15)
}

func TestStableDiffusionMatchesPublishedConstants(t *testing.T) {
	alpha1, sigma1 := StableDiffusion{}.AlphaSigma(0.001)
	alphaT, sigmaT := StableDiffusion{}.AlphaSigma(1)
	near(t, "ᾱ of index 0, 1−β_1", alpha1*alpha1, 1-0.00085, 1e-12)
	near(t, "ᾱ of index 999", alphaT*alphaT, 0.00466, 1e-6)
	near(t, "ε-network's floor", EpsAlphaFloor, alphaT, 1e-15)
	// σ range of Stable Diffusion in k-diffusion's coordinates.
	near(t, "σ_min", sigma1/alpha1, 0.0292, 5e-5)
	near(t, "σ_max", sigmaT/alphaT, 14.6146, 5e-5)
}

func TestTimeOfLogSNRInverts(t *testing.T) {
	for _, s := range Schedules() {
		for _, u := range []float64{0.001, 0.2, 0.5, 0.9, 0.999} {
			near(t, s.Name(), TimeOfLogSNR(s, LogSNR(s, u)), u, 1e-9)
		}
	}
}

func TestNamesAreFound(t *testing.T) {
	for _, want := range Schedules() {
		if got, err := ScheduleByName(want.Name()); err != nil || got != want {
			t.Errorf("ScheduleByName(%q) = %v, %v", want.Name(), got, err)
		}
	}
	for _, want := range Samplers() {
		if got, err := SamplerByName(want.Name()); err != nil || got.Name() != want.Name() {
			t.Errorf("SamplerByName(%q) = %v, %v", want.Name(), got, err)
		}
	}
	_, schedule := ScheduleByName("linear")
	_, sampler := SamplerByName("midpoint")
	for _, err := range []error{schedule, sampler, Weighting("snr").Validate(), Prediction("score").Validate()} {
		if err == nil || !strings.Contains(err.Error(), "want one of") {
			t.Errorf("unknown name: error %v, want the known names", err)
		}
	}
}
