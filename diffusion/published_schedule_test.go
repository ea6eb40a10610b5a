package diffusion

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Stable Diffusion's scheduler has the levels of its schedule, and of zero terminal SNR as far as they are not pure noise.
func TestThePublishedScheduleIsStableDiffusions(t *testing.T) {
	for _, zero := range []bool{false, true} {
		text, want := `{"_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": false,
			"prediction_type": "v_prediction", "rescale_betas_zero_snr": false}`, StableDiffusion{ZeroTerminalSNR: zero}
		if zero {
			text = text[:len(text)-len("false}")] + "true}"
		}
		file := filepath.Join(t.TempDir(), "scheduler_config.json")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := ReadScheduler(file, Override{})
		if err != nil {
			t.Fatal(err)
		}
		got := s.Schedule()
		if s.Timesteps() != 1000 {
			t.Errorf("timesteps = %d, want 1000", s.Timesteps())
		}
		for k := range 1000 {
			a, b := want.AlphaSigma(float64(k) / 1000)
			alpha, sigma := got.AlphaSigma(float64(k) / 1000)
			if math.Abs(a-alpha) > 1e-9 || math.Abs(b-sigma) > 1e-6 {
				t.Fatalf("zero terminal SNR %v: timestep %d: α, σ = %g, %g, want %g, %g", zero, k, alpha, sigma, a, b)
			}
		}
		if alpha, sigma := got.AlphaSigma(1); zero && (alpha > 1e-3 || sigma < 1-1e-6) {
			t.Errorf("end: α, σ = %g, %g, want pure noise", alpha, sigma)
		}
	}
}
