package diffusion

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// schedulerFile writes a scheduler_config.json.
func schedulerFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scheduler_config.json")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every timestep and state is that of diffusers' scheduler with the same file.
func TestPublishedSchedulersFollowDiffusers(t *testing.T) {
	text, err := os.ReadFile("testdata/published.json") // by testdata/published.py
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases map[string]struct {
			Config string
			Runs   map[string]struct {
				Times  []float64
				States [][]float64
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 12 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for name, c := range file.Cases {
		s, err := ReadScheduler(schedulerFile(t, c.Config), Override{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for steps, want := range c.Runs {
			t.Run(name+"/"+steps, func(t *testing.T) {
				n, _ := strconv.Atoi(steps)
				start, plan, err := s.Plan(n)
				if err != nil {
					t.Fatal(err)
				}
				var list []Step
				var times []float64
				for _, call := range plan {
					list, times = append(list, call.Step), append(times, call.T)
				}
				var got [][]float64
				end := Apply(list, []float64{0.8 * start, -1.3 * start}, func(x []float64, at float64) []float64 {
					call := plan[len(got)]
					got = append(got, x)
					x0 := make([]float64, len(x))
					for i := range x {
						out := math.Tanh(1.5*x[i] - 0.4 + at/1000)
						switch x0[i] = out; s.Prediction {
						case PredictEps:
							x0[i] = (x[i] - call.Sigma*out) / call.Alpha
						case PredictV:
							x0[i] = call.Alpha*x[i] - call.Sigma*out
						}
					}
					return x0
				}, func() []float64 {
					step := float64(len(got) - 1)
					return []float64{math.Sin(3*step + 1), math.Cos(5*step + 2)}
				})
				if diff := cmp.Diff(want.Times, times, cmpopts.EquateApprox(1e-5, 1e-6)); diff != "" {
					t.Fatalf("timesteps (-diffusers +ours):\n%s", diff)
				}
				if diff := cmp.Diff(want.States, append(got, end), cmpopts.EquateApprox(1e-4, 1e-5)); diff != "" {
					t.Errorf("states (-diffusers +ours):\n%s", diff)
				}
			})
		}
	}
}

const turbo = `{"_class_name": "EulerDiscreteScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "timestep_spacing": "trailing"}`

// Stable Diffusion 1.5 is published with PNDM: another sampler takes its schedule.
func TestASamplerTakesTheScheduleOfAnother(t *testing.T) {
	const pndm = `{"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": false,
		"num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null}`
	for name := range maps.Keys(SchedulerClasses()) {
		s, err := ReadScheduler(schedulerFile(t, pndm), Override{Sampler: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, plan, err := s.Plan(10)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := plan[len(plan)-1]
		alpha, sigma := StableDiffusion{}.AlphaSigma((last.T + 1) / 1000)
		if last.T != math.Round(last.T) { // Euler's linspace
			continue
		}
		if math.Abs(alpha-last.Alpha) > 1e-9 || math.Abs(sigma-last.Sigma) > 1e-9 {
			t.Errorf("%s: level %g, %g at %g, want %g, %g", name, last.Alpha, last.Sigma, last.T, alpha, sigma)
		}
	}
	if _, err := ReadScheduler(schedulerFile(t, pndm), Override{Sampler: "heun"}); err == nil || !strings.Contains(err.Error(), `sampler = "heun", want ddim`) {
		t.Errorf("error %v, want the samplers", err)
	}
}

func TestReadSchedulerRefusesByName(t *testing.T) {
	for want, text := range map[string]string{
		`_class_name = "HeunDiscreteScheduler", want one of ["DDIMScheduler"`: `{"_class_name": "HeunDiscreteScheduler"}`,
		`skip_prk_steps = false, want true`:                                   `{"_class_name": "PNDMScheduler", "skip_prk_steps": false}`,
		`skip_prk_steps = nothing, want true`:                                 `{"_class_name": "PNDMScheduler"}`,
		`rescale_betas_zero_snr = true, want false, as PNDM`:                  `{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "rescale_betas_zero_snr": true}`,
		`(which Euler ancestral and PNDM lack)`:                               `{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "prediction_type": "sample"}`,
		`use_exponential_sigmas = true, want false`:                           `{"_class_name": "EulerDiscreteScheduler", "use_exponential_sigmas": true}`,
		`clip_sample = nothing, want false`:                                   `{"_class_name": "DDIMScheduler"}`,
		`thresholding = true, want false`:                                     `{"_class_name": "LCMScheduler", "thresholding": true}`,
		`prediction_type = "flow_prediction", want`:                           `{"_class_name": "UniPCMultistepScheduler", "prediction_type": "flow_prediction"}`,
		`prediction_type = "sample", want`:                                    `{"_class_name": "EulerAncestralDiscreteScheduler", "prediction_type": "sample"}`,
		`algorithm_type = "sde-dpmsolver++", want "dpmsolver++"`:              `{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++"}`,
		`solver_order = 3, want 2`:                                            `{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3}`,
		`solver_type = "bh1", want`:                                           `{"_class_name": "UniPCMultistepScheduler", "solver_type": "bh1"}`,
		`solver_type = "heun", want "midpoint"`:                               `{"_class_name": "DPMSolverMultistepScheduler", "solver_type": "heun"}`,
		`solver_type = "euler", want "midpoint"`:                              `{"_class_name": "DPMSolverMultistepScheduler", "solver_type": "euler"}`,
		`lower_order_final = false, want true`:                                `{"_class_name": "UniPCMultistepScheduler", "lower_order_final": false}`,
		`beta_schedule = "sigmoid", want "linear"`:                            `{"_class_name": "EulerDiscreteScheduler", "beta_schedule": "sigmoid"}`,
		`timestep_spacing = "log", want "leading"`:                            `{"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "log"}`,
		`final_sigmas_type = "one", want "zero"`:                              `{"_class_name": "EulerDiscreteScheduler", "final_sigmas_type": "one"}`,
		`rescale_betas_zero_snr = true, want false, or true with`:             `{"_class_name": "EulerDiscreteScheduler", "rescale_betas_zero_snr": true}`,
		`use_karras_sigmas = true, want false for DPM-Solver++`:               `{"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true, "beta_schedule": "squaredcos_cap_v2"}`,
		`num_train_timesteps = 1, want 2`:                                     `{"_class_name": "EulerDiscreteScheduler", "num_train_timesteps": 1}`,
		`shift = 3, want no such field`:                                       `{"_class_name": "EulerDiscreteScheduler", "shift": 3}`,
	} {
		if _, err := ReadScheduler(schedulerFile(t, text), Override{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	s, err := ReadScheduler(schedulerFile(t, turbo), Override{})
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range []int{0, 1001} {
		if _, _, err := s.Plan(steps); err == nil || !strings.Contains(err.Error(), "want 1 to 1000") {
			t.Errorf("%d steps: error %v", steps, err)
		}
	}
}

func TestTooManyStepsOfAScheduler(t *testing.T) {
	for _, c := range []struct {
		why, file string
		steps     int
		want      string
	}{
		{"two levels are equal", `{"_class_name": "DPMSolverMultistepScheduler"}`, 1000, "steps = 1000, want fewer: timestep"},
		{"all levels are equal", `{"_class_name": "DPMSolverMultistepScheduler", "timestep_spacing": "leading"}`, 1000, "steps = 1000, want fewer: timestep 0 comes twice"},
		{"two levels are equal", `{"_class_name": "UniPCMultistepScheduler"}`, 1000, "steps = 1000, want fewer: timestep"},
		{"the most", `{"_class_name": "DPMSolverMultistepScheduler"}`, 999, ""},
		{"the most", `{"_class_name": "UniPCMultistepScheduler", "timestep_spacing": "leading"}`, 999, ""},
		{"every timestep", `{"_class_name": "UniPCMultistepScheduler", "timestep_spacing": "trailing"}`, 1000, ""},
		{"one step needs no slope", `{"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}`, 1000, ""},
		{"steps of the distilled model", `{"_class_name": "LCMScheduler"}`, 60, "steps = 60, want 1 to 50"},
	} {
		s, err := ReadScheduler(schedulerFile(t, c.file), Override{})
		if err != nil {
			t.Fatal(err)
		}
		_, plan, err := s.Plan(c.steps)
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || c.want == "" && err != nil {
			t.Errorf("%s: %s: error %v, want %q", c.why, c.file, err, c.want)
		}
		for i, call := range plan {
			if x := call.X + call.X0 + call.Prev[0] + call.Prev[1]; math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s: %s: step %d = %v", c.why, c.file, i, call.Step)
			}
		}
	}
}

// As diffusers' pipeline of Stable Diffusion 1 and 2 does with files that are older than these fields.
func TestStableDiffusionOverridesOffsetAndClipping(t *testing.T) {
	file := schedulerFile(t, `{"_class_name": "DDIMScheduler", "clip_sample": true, "steps_offset": 0}`)
	s, err := ReadScheduler(file, Override{StableDiffusion: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, plan, err := s.Plan(10); err != nil || plan[0].T != 901 || plan[9].T != 1 {
		t.Errorf("%v, %v, want timesteps 901 to 1", plan, err)
	}
}
