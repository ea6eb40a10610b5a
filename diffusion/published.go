package diffusion

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/published"
)

// Scheduler is the noise schedule and the sampler of a published model: what diffusers' scheduler_config.json says.
type Scheduler struct {
	Class      string     // of diffusers: one of SchedulerClasses
	Prediction Prediction // what the network outputs

	alphaBar       []float64 // ᾱ of every timestep
	spacing        string    // leading, linspace or trailing
	offset         int       // added to timesteps of leading
	originalSteps  int       // of LCM
	scaling        float64   // of LCM's timesteps
	alphaToOne     bool      // DDIM's last step goes to clean data, not to timestep 0
	sigmaMin       bool      // the last step goes to timestep 0, not to clean data
	lowerOrderLast bool
	eulerLast      bool
	useKarras      bool
}

const (
	ddimClass           = "DDIMScheduler"
	dpmClass            = "DPMSolverMultistepScheduler"
	uniPCClass          = "UniPCMultistepScheduler"
	eulerClass          = "EulerDiscreteScheduler"
	eulerAncestralClass = "EulerAncestralDiscreteScheduler"
	lcmClass            = "LCMScheduler"
	pndmClass           = "PNDMScheduler"
)

// SchedulerClasses are the classes of diffusers that are known, by the names of their samplers.
func SchedulerClasses() map[string]string {
	return map[string]string{
		DDIM{}.Name(): ddimClass, DPMSolverPP2M{}.Name(): dpmClass, UniPC{}.Name(): uniPCClass, Euler{}.Name(): eulerClass,
		EulerAncestral{}.Name(): eulerAncestralClass, "lcm": lcmClass, "pndm": pndmClass,
	}
}

// Override is what replaces fields of a file.
type Override struct {
	Class           string // that of the pipeline's index, by which diffusers reads the file; "" for that of the file
	Sampler         string // names another class, as diffusers' from_config does; "" for Class
	StableDiffusion bool   // diffusers' StableDiffusionPipeline sets steps_offset to 1 and clip_sample to false, whatever the file says
}

// ReadScheduler reads a scheduler_config.json. Fields that ask for what is not built here are errors.
func ReadScheduler(file string, o Override) (Scheduler, error) {
	c := published.Read(file)
	s := Scheduler{originalSteps: 50, scaling: 10, lowerOrderLast: true}
	c.Take("_class_name", &s.Class)
	if o.Class != "" {
		s.Class = o.Class
	}
	if o.Sampler != "" {
		s.Class = SchedulerClasses()[o.Sampler]
	}
	s.alphaToOne = s.Class != pndmClass
	if known := slices.Sorted(maps.Values(SchedulerClasses())); !slices.Contains(known, s.Class) {
		if o.Sampler != "" {
			return s, fmt.Errorf("diffusion: sampler = %q, want ddim, dpmpp2m, unipc, euler, euler-ancestral, lcm or pndm", o.Sampler)
		}
		if o.Class != "" {
			return s, fmt.Errorf("diffusion: scheduler = %q in the pipeline's index, want one of %q, or the name of a sampler", o.Class, known)
		}
		c.Refuse("_class_name", fmt.Sprintf("one of %q, or the name of a sampler", known))
	}
	zeroSNR, cosine := s.readLevels(c)
	s.readPrediction(c)
	final, solver := "zero", ""
	for field, into := range map[string]any{
		"timestep_spacing": &s.spacing, "steps_offset": &s.offset, "original_inference_steps": &s.originalSteps,
		"timestep_scaling": &s.scaling, "set_alpha_to_one": &s.alphaToOne, "final_sigmas_type": &final, "lower_order_final": &s.lowerOrderLast,
		"euler_at_final": &s.eulerLast, "solver_type": &solver, "use_karras_sigmas": &s.useKarras,
	} {
		c.Take(field, into)
	}
	if s.sigmaMin = final == "sigma_min"; !s.sigmaMin && final != "zero" {
		c.Refuse("final_sigmas_type", `"zero" or "sigma_min"`)
	}
	if !slices.Contains([]string{"leading", "linspace", "trailing"}, s.spacing) {
		c.Refuse("timestep_spacing", `"leading", "linspace" or "trailing"`)
	}
	// Each class takes the other's solvers for its own: DPM-Solver++ any but heun for midpoint, UniPC any but bh1 for bh2.
	if s.Class == dpmClass && !slices.Contains([]string{"", "midpoint", "logrho", "bh1", "bh2"}, solver) {
		c.Refuse("solver_type", `"midpoint"`)
	}
	if s.Class == uniPCClass && !slices.Contains([]string{"", "bh2", "midpoint", "heun", "logrho"}, solver) {
		c.Refuse("solver_type", `"bh2"`)
	}
	if s.Class == uniPCClass && !s.lowerOrderLast {
		c.Refuse("lower_order_final", "true")
	}
	if s.Class == pndmClass {
		plms := o.Sampler != ""
		if c.Take("skip_prk_steps", &plms); !plms {
			c.Refuse("skip_prk_steps", "true: without Runge–Kutta steps")
		}
		if zeroSNR {
			c.Refuse("rescale_betas_zero_snr", "false, as PNDM does not read it")
		}
	}
	s.checkZeroSNR(c, zeroSNR)
	// Other classes of diffusers do not read it.
	s.useKarras = s.useKarras && slices.Contains([]string{dpmClass, uniPCClass, eulerClass}, s.Class)
	if s.useKarras && s.Class == dpmClass && cosine { // what is left of a timestep depends on diffusers' rounding errors
		c.Refuse("use_karras_sigmas", `false for DPM-Solver++ with beta_schedule "squaredcos_cap_v2", whose timesteps diffusers truncates`)
	}
	if o.StableDiffusion {
		s.offset = 1
	}
	clip := s.Class == ddimClass && o.Sampler == "" // a file of DDIM asks to clip unless it says otherwise
	if c.Take("clip_sample", &clip); clip && !o.StableDiffusion {
		c.Refuse("clip_sample", "false")
	}
	c.Only("algorithm_type", "dpmsolver++", "deis")
	c.OnlyAll(map[string]any{
		"trained_betas": nil, "thresholding": false, "solver_order": 2, "use_exponential_sigmas": false,
		"use_beta_sigmas": false, "use_lu_lambdas": false, "use_flow_sigmas": false, "use_dynamic_shifting": false, "lambda_min_clipped": "-Infinity",
		"variance_type": nil, "predict_x0": true, "disable_corrector": []int{}, "solver_p": nil, "interpolation_type": "linear",
		"timestep_type": "discrete", "sigma_min": nil, "sigma_max": nil, "shift_terminal": nil,
	})
	// Details of what is refused above.
	c.Ignore("dynamic_thresholding_ratio", "sample_max_value", "clip_sample_range", "flow_shift", "time_shift_type", "skip_prk_steps")
	return s, c.Err()
}

// readPrediction reads what the network outputs.
func (s *Scheduler) readPrediction(c *published.Config) {
	prediction := "epsilon"
	c.Take("prediction_type", &prediction)
	s.Prediction = map[string]Prediction{"epsilon": PredictEps, "v_prediction": PredictV, "sample": PredictX0}[prediction]
	if s.Prediction == "" || s.Prediction == PredictX0 && (s.Class == eulerAncestralClass || s.Class == pndmClass) {
		c.Refuse("prediction_type", `"epsilon", "v_prediction" or "sample" (which Euler ancestral and PNDM lack)`)
	}
}

// checkZeroSNR wants a prediction that tells something of pure noise.
func (s *Scheduler) checkZeroSNR(c *published.Config, zeroSNR bool) {
	if zeroSNR && s.Prediction != PredictV {
		c.Refuse("rescale_betas_zero_snr", `false, or true with prediction_type "v_prediction": ε tells nothing of pure noise`)
	}
}

// readLevels computes ᾱ of every timestep, and the default spacing of the class. zeroSNR reports that the last timestep is pure noise, cosine
// the schedule "squaredcos_cap_v2".
func (s *Scheduler) readLevels(c *published.Config) (zeroSNR, cosine bool) {
	steps, first, last, schedule := 1000, 0.0001, 0.02, "linear"
	if s.spacing = "linspace"; s.Class == ddimClass || s.Class == lcmClass || s.Class == pndmClass {
		s.spacing = "leading"
	}
	if s.Class == lcmClass {
		first, last, schedule = 0.00085, 0.012, "scaled_linear"
	}
	for field, into := range map[string]any{
		"num_train_timesteps": &steps, "beta_start": &first, "beta_end": &last, "beta_schedule": &schedule, "rescale_betas_zero_snr": &zeroSNR,
	} {
		c.Take(field, into)
	}
	if steps < 2 || steps > 1<<20 {
		c.Refuse("num_train_timesteps", "2 to 2²⁰")
		return false, false
	}
	product := 1.0
	for i := range steps {
		between := func(a, b float64) float64 { return a + (b-a)*float64(i)/float64(steps-1) }
		beta := between(first, last)
		switch schedule {
		case "linear":
		case "scaled_linear":
			beta = between(math.Sqrt(first), math.Sqrt(last))
			beta *= beta
		case "squaredcos_cap_v2": // improved DDPM (2102.09672 eq. 17)
			bar := func(t float64) float64 { return math.Pow(math.Cos((t+0.008)/1.008*math.Pi/2), 2) }
			beta = min(1-bar(float64(i+1)/float64(steps))/bar(float64(i)/float64(steps)), 0.999)
		default:
			c.Refuse("beta_schedule", `"linear", "scaled_linear" or "squaredcos_cap_v2"`)
		}
		product *= 1 - beta
		s.alphaBar = append(s.alphaBar, product)
	}
	if zeroSNR {
		s.rescale()
	}
	return zeroSNR, schedule == "squaredcos_cap_v2"
}

// rescale makes the last timestep pure noise (zero terminal SNR, algorithm 1); all classes but DDIM and LCM keep σ/α finite there.
func (s *Scheduler) rescale() {
	end := len(s.alphaBar) - 1
	first, last := math.Sqrt(s.alphaBar[0]), math.Sqrt(s.alphaBar[end])
	for i, bar := range s.alphaBar {
		root := (math.Sqrt(bar) - last) * first / (first - last)
		s.alphaBar[i] = root * root
	}
	if s.Class != ddimClass && s.Class != lcmClass {
		s.alphaBar[end] = 0x1p-24
	}
}
