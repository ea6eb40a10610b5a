package diffusion

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Heun's file of diffusers 0.35.2 for Stable Diffusion, and DEIS's.
const (
	heunFile = `{"_class_name": "HeunDiscreteScheduler", "_diffusers_version": "0.35.2", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false,
		"clip_sample_range": 1.0, "num_train_timesteps": 1000, "prediction_type": "epsilon", "steps_offset": 1, "timestep_spacing": "linspace", "trained_betas": null,
		"use_beta_sigmas": false, "use_exponential_sigmas": false, "use_karras_sigmas": true}`
	deisFile = `{"_class_name": "DEISMultistepScheduler", "_diffusers_version": "0.35.2", "algorithm_type": "deis", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
		"dynamic_thresholding_ratio": 0.995, "flow_shift": 1.0, "lower_order_final": true, "num_train_timesteps": 1000, "prediction_type": "epsilon", "sample_max_value": 1.0,
		"solver_order": 3, "solver_type": "logrho", "steps_offset": 1, "thresholding": false, "time_shift_type": "exponential", "timestep_spacing": "linspace",
		"trained_betas": null, "use_beta_sigmas": false, "use_dynamic_shifting": false, "use_exponential_sigmas": false, "use_flow_sigmas": false, "use_karras_sigmas": false}`
)

// Classes that are no samplers here have the levels of DDIM with the same betas.
func TestLevelsOfOtherSchedulersAreThoseOfTheirBetas(t *testing.T) {
	for _, text := range []string{heunFile, deisFile} {
		got, err := ReadLevels(schedulerFile(t, text), "")
		if err != nil {
			t.Fatal(err)
		}
		want, err := ReadScheduler(schedulerFile(t, `{"_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": false}`), Override{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.alphaBar, want.alphaBar) || got.Prediction != PredictEps || got.Class != "DDIMScheduler" {
			t.Errorf("%s of %d levels and %s, want DDIM's", got.Class, len(got.alphaBar), got.Prediction)
		}
	}
	zero := strings.NewReplacer(`"epsilon"`, `"v_prediction", "rescale_betas_zero_snr": true`).Replace(deisFile)
	s, err := ReadLevels(schedulerFile(t, zero), "")
	if err != nil || s.Prediction != PredictV || s.alphaBar[999] != 0 {
		t.Errorf("%v, prediction %s, want v, and pure noise at the end", err, s.Prediction)
	}
	for _, test := range [][3]string{
		{`"beta_schedule": "scaled_linear"`, `"beta_schedule": "exp"`, `beta_schedule = "exp", want "linear", "scaled_linear"`},
		{`"beta_start": 0.00085,`, "", `beta_start = nothing, want its value`},
		{`"trained_betas": null`, `"trained_betas": [0.1]`, `trained_betas = [0.1], want null`},
		{`"use_flow_sigmas": false`, `"use_flow_sigmas": true`, `use_flow_sigmas = true, want false`},
		{`"epsilon"`, `"flow_prediction"`, `prediction_type = "flow_prediction", want "epsilon"`},
		{`"steps_offset"`, `"snr_shift_scale": 3, "steps_offset"`, `snr_shift_scale = 3, want no such field`},
		{"DEISMultistepScheduler", "FlowMatchEulerDiscreteScheduler", `scheduler = "FlowMatchEulerDiscreteScheduler", want one of`},
	} {
		if _, err := ReadLevels(schedulerFile(t, strings.Replace(deisFile, test[0], test[1], 1)), ""); err == nil || !strings.Contains(err.Error(), test[2]) {
			t.Errorf("error %v, want %q", err, test[2])
		}
	}
}
