package diffusion

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/published"
)

// LevelFields are those of a scheduler_config.json that noise levels and prediction depend on.
func LevelFields() []string { return append([]string{"prediction_type"}, levelFields...) }

var levelFields = []string{"beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "trained_betas", "rescale_betas_zero_snr"}

// otherClasses are those of diffusers that are not built here as samplers, but whose noise levels are those of betas.
var otherClasses = []string{
	"DDIMParallelScheduler", "DDPMParallelScheduler", "DDPMScheduler", "DEISMultistepScheduler", "DPMSolverSDEScheduler", "DPMSolverSinglestepScheduler",
	"HeunDiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "KDPM2DiscreteScheduler", "LMSDiscreteScheduler", "SASolverScheduler", "TCDScheduler",
}

// ReadLevels reads a scheduler_config.json for its noise levels and prediction alone, as those of DDIM: what a training needs. class is that of
// the pipeline's index; "" for that of the file. Fields of the sampler do not matter. One that could change the levels is an error.
func ReadLevels(file, class string) (Scheduler, error) {
	c, s := published.Read(file), Scheduler{alphaToOne: true}
	c.Take("_class_name", &s.Class)
	if class != "" {
		s.Class = class
	}
	own := slices.Sorted(maps.Values(SchedulerClasses()))
	if other := slices.Contains(otherClasses, s.Class); !other && !slices.Contains(own, s.Class) {
		return s, fmt.Errorf("diffusion: scheduler = %q, want one of %q for its noise levels", s.Class, slices.Concat(own, otherClasses))
	} else if other {
		for _, field := range levelFields[:3] {
			if !c.Has(field) {
				c.Refuse(field, "its value, as defaults differ among classes")
			}
		}
		s.Class = ddimClass
	}
	zeroSNR, _ := s.readLevels(c)
	s.Class, s.spacing = ddimClass, "leading"
	s.readPrediction(c)
	s.checkZeroSNR(c, zeroSNR)
	c.OnlyAll(map[string]any{
		"trained_betas": nil, "use_flow_sigmas": false, "use_dynamic_shifting": false, "timestep_type": "discrete",
		"sigma_min": nil, "sigma_max": nil, "shift_terminal": nil,
	})
	c.Ignore("algorithm_type", "clip_sample", "clip_sample_range", "corrector_order", "disable_corrector", "dynamic_thresholding_ratio", "euler_at_final",
		"final_sigmas_type", "flow_shift", "interpolation_type", "lambda_min_clipped", "lower_order_final", "noise_sampler_seed", "original_inference_steps",
		"predict_x0", "predictor_order", "sample_max_value", "set_alpha_to_one", "skip_prk_steps", "solver_order", "solver_p", "solver_type", "steps_offset",
		"tau_func", "thresholding", "time_shift_type", "timestep_scaling", "timestep_spacing", "use_beta_sigmas", "use_exponential_sigmas",
		"use_karras_sigmas", "use_lu_lambdas", "variance_type")
	return s, c.Err()
}

// Timesteps is the number of timesteps that the model was trained with.
func (s Scheduler) Timesteps() int { return len(s.alphaBar) }

// Schedule has the noise levels of the scheduler in continuous time: t = k/N is its timestep k−1 of N, and t = 0 clean data. Between two
// timesteps ln ᾱ is interpolated linearly, as StableDiffusion does.
func (s Scheduler) Schedule() Schedule {
	table := tableSchedule{name: fmt.Sprintf("published, %d timesteps", len(s.alphaBar)), logAlphaBar: []float64{0}}
	for _, bar := range s.alphaBar {
		table.logAlphaBar = append(table.logAlphaBar, math.Log(max(bar, 0x1p-24)))
	}
	return table
}

// tableSchedule interpolates ln ᾱ, of which it has N+1 values.
type tableSchedule struct {
	name        string
	logAlphaBar []float64
}

func (s tableSchedule) Name() string { return s.name }

func (s tableSchedule) AlphaSigma(t float64) (alpha, sigma float64) {
	last := len(s.logAlphaBar) - 1
	k := min(max(t, 0), 1) * float64(last)
	i := min(int(k), last-1)
	frac := k - float64(i)
	log := (1-frac)*s.logAlphaBar[i] + frac*s.logAlphaBar[i+1]
	return math.Exp(log / 2), math.Sqrt(-math.Expm1(log))
}
