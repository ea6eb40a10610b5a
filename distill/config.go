package distill

import (
	"fmt"
	"slices"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/internal/check"
	"github.com/addlab/addlab/train/optim"
)

// Student initialisations (ADD Table 1c).
const (
	Pretrained = "pretrained" // the teacher's weights
	Random     = "random"
)

// Reductions of the squared distance of the distillation loss.
const (
	Sum   = "sum"   // over pixels: the squared norm of ADD eq. 4
	Patch = "patch" // over the pixels of a patch, then the mean over patches, as logits are means over tokens
	Mean  = "mean"  // over pixels
)

// BF16 is a value of Config.Precision.
const BF16 = "bf16"

// Config is everything that decides what a student learns, apart from the networks it starts from.
type Config struct {
	Recipe int    `json:"recipe"` // RecipeVersion; changes when the same config gives another student
	Scale  string `json:"scale"`
	Seed   int64  `json:"seed"`
	Steps  int    `json:"steps"`
	Batch  int    `json:"batch"`
	// Accumulate, if above 1, is how many batches a step has: gradients are means over them, and networks move once. Memory is that of one.
	Accumulate int `json:"accumulate,omitempty"`

	Times []int `json:"times"` // T_student in timesteps of 1000, falling; the input at the first is pure noise, whatever its number, unless SignalLeak
	// SignalLeak leaves at the first time what the schedule leaves there of the picture, as most released models are trained (Lin et al.
	// 2305.08891 call it a flaw, since sampling begins at pure noise). Here it ties what a student chooses to the noise.
	SignalLeak bool `json:"signal_leak,omitempty"`
	// Pure is how many pictures of a batch begin at the first time, where one step is drawn from. 0 leaves it to the method: an equal share of
	// Times in ADD, what the solver's grid has there in consistency.
	Pure     int    `json:"pure,omitempty"`
	PureFrom int    `json:"pure_from,omitempty"` // step from which that holds; consistency must find the map from its grid first
	Init     string `json:"init"`

	Adversarial float64 `json:"adversarial"` // weight of L_adv; 1 in the paper, 0 leaves it out
	Lambda      float64 `json:"lambda"`      // λ of ADD eq. 1; 0 leaves the distillation loss out
	// LambdaDecay is the share of λ that is gone at the last step, lost evenly: the teacher's pull then ends as the discriminator has learned.
	LambdaDecay float64 `json:"lambda_decay,omitempty"`
	// Reconstruct weighs the squared distance to the real picture at later times, times min(1, α_s²/σ_s²), between samples, in Reduction.
	// Eq. 4 asks the teacher about the student's own picture, so that it hardly sees a wrong shade, and every step of sampling adds one.
	Reconstruct float64             `json:"reconstruct,omitempty"`
	Weighting   diffusion.Weighting `json:"weighting"` // c(t) of ADD eq. 4: exp, sds, nfsd
	Reduction   string              `json:"reduction"` // of d in ADD eq. 4; λ is relative to it
	// DistillPixels takes d between decoded pictures where latents are diffused, as the paper does; it costs a pass through the decoder and back.
	DistillPixels bool `json:"distill_pixels,omitempty"`
	// Negative is the caption of what nfsd leads away from, "" for the teacher's own: of Stable Diffusion "blurry, low quality".
	Negative string `json:"negative,omitempty"`

	TeacherMin      int     `json:"teacher_min"` // range of the teacher's t in timesteps, uniform
	TeacherMax      int     `json:"teacher_max"`
	TeacherGuidance float64 `json:"teacher_guidance"` // 0 for none; g of nfsd where that is the weighting
	TeacherSteps    int     `json:"teacher_steps"`    // DDIM steps to the teacher's clean prediction (ADD Table 1f)

	// Consistency, if set, is the method in place of ADD: Weighting and the teacher's t are not used then, and Times by sampling alone.
	Consistency *Consistency `json:"consistency,omitempty"`
	// Matching, if set, adds distribution matching to the method.
	Matching *Matching `json:"matching,omitempty"`
	// Method, if set, is the method in place of both: &Named{DefaultRegression}. Weighting and the teacher's t are not used then; what it has
	// no use for otherwise is refused.
	Method *Named `json:"method,omitempty"`

	// Variants of the bundle in place of its own networks (ADD Table 1a, 1e); "" for the teacher and the features.
	TeacherNet  string `json:"teacher_net,omitempty"`  // the teacher
	StudentNet  string `json:"student_net,omitempty"`  // the student's architecture and first weights
	FeaturesNet string `json:"features_net,omitempty"` // the discriminator's features; c_img keeps the bundle's own
	// FeaturesBeside, if set, are further features that the discriminator sees through at once, with heads of their own.
	FeaturesBeside string `json:"features_beside,omitempty"`

	Discriminator     discriminator.Config `json:"discriminator"`
	StudentRate       optim.Rate           `json:"student_rate"`
	DiscriminatorRate optim.Rate           `json:"discriminator_rate"`
	// DiscriminatorUpdates, if above 1, is how often the discriminator moves for each move of the student, on batches of its own.
	DiscriminatorUpdates int     `json:"discriminator_updates,omitempty"`
	Muon                 bool    `json:"muon"`      // orthogonal updates of the student's hidden matrices in place of AdamW's
	ClipNorm             float64 `json:"clip_norm"` // largest norm of the student's gradient, with Muon of the share that AdamW moves; 0 for none

	// Precision is that of the networks' products: "" for float32, BF16 for bfloat16 between float32 weights, norms and sums. Heads stay float32.
	Precision string `json:"precision,omitempty"`

	// EMA is the decay of the average that is evaluated. It warms up as (1+step)/(10+step) until that is larger, at step
	// (10·EMA−1)/(1−EMA): 170 for .95, 890 for .99, 8,990 for .999.
	EMA float64 `json:"ema"`

	// LoRA, if above 0, is the rank of the student's difference from its teacher in the matrices of attention (Hu et al. 2106.09685), which is
	// all that trains: the memory of a student is then that of its teacher, which both share.
	LoRA int `json:"lora,omitempty"`
}

// RecipeVersion is the value of Config.Recipe that this program trains.
const RecipeVersion = 1

// Scales lists the presets of DefaultConfig for the built-in networks, smallest first. LatentScale is that of published ones.
var Scales = []string{"smoke", "cpu", "gpu"}

// DefaultConfig is the default cell of every ablation at a scale. DepartureTable lists where it departs from the paper.
func DefaultConfig(scale string) (Config, error) {
	c := Config{
		Recipe: RecipeVersion, Scale: scale, Seed: 1,
		Times: []int{980, 750, 500, 250}, SignalLeak: true, Init: Pretrained,
		Adversarial: 1, Lambda: 2.5, Weighting: diffusion.Exponential, Reduction: Patch,
		TeacherMin: 20, TeacherMax: 980, TeacherSteps: 1,
		Discriminator: discriminator.DefaultConfig(),
		ClipNorm:      1, EMA: 0.99,
	}
	rate := 5e-4
	switch scale {
	case "smoke":
		c.Steps, c.Batch = 4, 8
		rate = 1e-4
	case "cpu":
		c.Steps, c.Batch, c.Muon = 800, 16, true
	case "gpu":
		c.Steps, c.Batch, c.Muon, c.EMA = 20000, 64, true, 0.999
		c.Discriminator.Taps = 4 // of the features' six blocks, as in the paper; at the other scales they have no more than four
	case LatentScale:
		return LatentConfig("add")
	default:
		return c, fmt.Errorf("distill: scale = %q, want one of %q", scale, append(slices.Clone(Scales), LatentScale))
	}
	c.Pure = c.Batch * 3 / 4
	c.StudentRate = optim.Rate{Peak: rate, Warmup: min(50, c.Steps/4), Decay: 0.3, Final: 0.1}
	c.DiscriminatorRate = optim.Rate{Peak: 2e-3, Warmup: min(50, c.Steps/4)}
	return c, nil
}

// WithSteps gives a config another length; the warm-up stays within its first quarter.
func (c Config) WithSteps(steps int) Config {
	c.Steps = steps
	c.StudentRate.Warmup = min(c.StudentRate.Warmup, steps/4)
	c.DiscriminatorRate.Warmup = min(c.DiscriminatorRate.Warmup, steps/4)
	return c
}

// WithBatch gives a config another batch, in which the same share of pictures begins at pure noise.
func (c Config) WithBatch(batch int) Config {
	if c.Batch > 0 {
		c.Pure = c.Pure * batch / c.Batch
	}
	c.Batch = batch
	return c
}

// pullAt is the share of λ that is left in a step.
func (c Config) pullAt(step int) float64 {
	return 1 - c.LambdaDecay*float64(step-1)/float64(max(1, c.Steps-1))
}

// pureAt is how many pictures of a batch begin at pure noise in a step.
func (c Config) pureAt(step int) int {
	if step < c.PureFrom {
		return 0
	}
	return c.Pure
}

// passes is how many batches an update has.
func (c Config) passes() int { return max(1, c.Accumulate) }

func wantRate(f *check.Fields, name string, r optim.Rate) {
	f.Want(r.Peak > 0, name+".peak", r.Peak, "> 0")
	f.Want(r.Warmup >= 0, name+".warmup", r.Warmup, "≥ 0")
	f.Want(r.Decay >= 0 && r.Decay <= 1, name+".decay", r.Decay, "0 … 1, a share of all steps")
	f.Want(r.Final >= 0 && r.Final <= 1, name+".final", r.Final, "0 … 1, a share of the peak")
}

// Validate returns an error that names the first field that cannot work.
func (c Config) Validate() error {
	falling := len(c.Times) > 0 && c.Times[0] <= 1000 && c.Times[len(c.Times)-1] >= 1
	for i := 1; i < len(c.Times); i++ {
		falling = falling && c.Times[i] < c.Times[i-1]
	}
	f := check.Fields{Of: "distill"}
	f.Want(c.Recipe == RecipeVersion, "recipe", c.Recipe, fmt.Sprint(RecipeVersion, ", this program's"))
	f.Want(c.Steps >= 1, "steps", c.Steps, "≥ 1")
	f.Want(c.Batch >= 1, "batch", c.Batch, "≥ 1")
	f.Want(c.Accumulate >= 0, "accumulate", c.Accumulate, "≥ 0")
	f.Want(c.Accumulate <= 1 || !c.Muon, "accumulate", c.Accumulate, "0 or 1 with muon")
	f.Want(falling, "times", c.Times, "falling timesteps within 1000 … 1")
	f.Want(c.Pure >= 0 && c.Pure < c.Batch || c.Pure == 0, "pure", c.Pure, fmt.Sprint("0 to ", c.Batch-1, ", within the batch"))
	f.Want(c.Pure == 0 || len(c.Times) > 1 || c.Consistency != nil, "pure", c.Pure, "0 with one time, at which all begin")
	f.Want(c.PureFrom >= 0 && c.PureFrom <= c.Steps, "pure_from", c.PureFrom, fmt.Sprint("0 to steps = ", c.Steps))
	f.Want(c.PureFrom == 0 || c.Pure > 0, "pure_from", c.PureFrom, "0 where pure = 0")
	f.Want(c.DiscriminatorUpdates >= 0, "discriminator_updates", c.DiscriminatorUpdates, "≥ 0")
	f.Want(c.DiscriminatorUpdates <= 1 || c.Adversarial > 0, "discriminator_updates", c.DiscriminatorUpdates, "0 or 1 without a discriminator")
	f.Want(!c.SignalLeak || c.Consistency == nil, "signal_leak", true, "false with consistency, whose grid ends in pure noise, and pure = 0 until its map is found (pure_from)")
	f.Want(!c.SignalLeak || c.Method != nil || falling && c.Times[0] < 1000, "signal_leak", true, "false with times that begin at 1000, where nothing of a picture is left")
	f.Want(c.Init == Pretrained || c.Init == Random, "init", c.Init, Pretrained+" or "+Random)
	f.Want(c.Adversarial >= 0, "adversarial", c.Adversarial, "≥ 0")
	f.Want(c.Lambda >= 0, "lambda", c.Lambda, "≥ 0")
	f.Want(c.LambdaDecay >= 0 && c.LambdaDecay <= 1, "lambda_decay", c.LambdaDecay, "0 … 1")
	f.Want(c.Reconstruct >= 0, "reconstruct", c.Reconstruct, "≥ 0")
	f.Want(!c.Discriminator.StudentTime || c.Adversarial > 0 && len(c.Times) > 1 && c.Method == nil && c.Consistency == nil, "discriminator.student_time", true, "false with one time or without a discriminator, and with other methods than ADD")
	f.Want(c.Reconstruct == 0 || len(c.Times) > 1 && c.Method == nil && c.Consistency == nil, "reconstruct", c.Reconstruct, "0 with one time, and with other methods than ADD")
	f.Want(c.LambdaDecay == 0 || c.Consistency == nil && c.Lambda > 0 && c.Adversarial > 0, "lambda_decay", c.LambdaDecay, "0 without both losses of ADD")
	f.Want(c.Adversarial != 0 || c.Lambda != 0 || c.Matching != nil, "lambda", c.Lambda, "> 0 where adversarial = 0: nothing would be learned")
	f.Want(c.Reduction == Sum || c.Reduction == Patch || c.Reduction == Mean, "reduction", c.Reduction, Sum+", "+Patch+" or "+Mean)
	f.Want(0 <= c.TeacherMin && c.TeacherMin < c.TeacherMax && c.TeacherMax <= 1000, "teacher_min, teacher_max", fmt.Sprint(c.TeacherMin, ", ", c.TeacherMax), "0 ≤ min < max ≤ 1000")
	f.Want(c.TeacherSteps >= 1, "teacher_steps", c.TeacherSteps, "≥ 1")
	f.Want(c.TeacherSteps <= 1 || c.Weighting != diffusion.NFSD, "teacher_steps", c.TeacherSteps, "1 with nfsd, whose target is made of directions at one noise level")
	f.Want(c.Negative == "" || c.Weighting == diffusion.NFSD, "negative", fmt.Sprintf("%q", c.Negative), `"" without the weighting nfsd`)
	f.Want(c.TeacherGuidance >= 0, "teacher_guidance", c.TeacherGuidance, "≥ 0")
	wantRate(&f, "student_rate", c.StudentRate)
	wantRate(&f, "discriminator_rate", c.DiscriminatorRate)
	f.Want(c.ClipNorm >= 0, "clip_norm", c.ClipNorm, "≥ 0")
	f.Want(c.EMA >= 0 && c.EMA < 1, "ema", c.EMA, "in [0,1)")
	f.Want(!c.Discriminator.Level || c.Discriminator.Renoise != nil || c.Method.diffuses(), "discriminator.level", true, "false without discriminator.renoise: what the heads see has no noise")
	if group := c.Discriminator.Group(); group > 1 {
		f.Want(c.Adversarial > 0, "discriminator.per_caption", group, "0 without a discriminator")
		f.Want(c.Batch%group == 0 && c.Pure%group == 0, "discriminator.per_caption", group, fmt.Sprintf("a divisor of batch = %d and of pure = %d", c.Batch, c.Pure))
	}
	f.Want(c.FeaturesBeside == "" || c.Adversarial > 0 && c.FeaturesBeside != c.Features(), "features_beside", fmt.Sprintf("%q", c.FeaturesBeside), `"" without a discriminator, and other features than features_net`)
	f.Want(c.Precision == "" || c.Precision == BF16, "precision", fmt.Sprintf("%q", c.Precision), `"" for float32, or "bf16"`)
	if c.LoRA != 0 {
		f.Want(c.LoRA > 0, "lora", c.LoRA, "≥ 0")
		f.Want(c.Init == Pretrained && c.StudentNet == c.TeacherNet, "lora", c.LoRA, "0 for a student that does not begin as its teacher")
		f.Want(!c.Muon, "lora", c.LoRA, "0 with muon")
		if c.Method.readsWeights() {
			f.Want(false, "lora", c.LoRA, "0 with the method "+c.Method.Name()+", which reads all weights of the student")
		}
	}
	if k := c.Consistency; k != nil {
		f.Want(falling && c.Times[0] == 1000, "times", c.Times, "1000 first with consistency, whose grid begins there")
		f.Want(c.Lambda != 0 && c.TeacherSteps <= 1, "lambda, teacher_steps", fmt.Sprint(c.Lambda, ", ", c.TeacherSteps), "> 0 and 1 with consistency, which is the distillation loss and has a solver of its own")
		f.Want(!c.DistillPixels, "distill_pixels", true, "false with consistency, whose distance is between latents")
		f.Want(k.Grid >= 1, "consistency.grid", k.Grid, "≥ 1")
		f.Want(k.Huber > 0, "consistency.huber", k.Huber, "> 0")
		f.Want(c.Matching == nil || c.Pure > 0, "pure", 0, "≥ 1 with matching, which is about pictures drawn from pure noise")
	}
	if m := c.Matching; m != nil {
		f.Want(!m.PureOnly || c.Pure > 0 && c.Method == nil && c.Consistency == nil, "matching.pure_only", true, "false where pure = 0, and with other methods than ADD")
		f.Want(m.From >= c.PureFrom && m.From <= c.Steps, "matching.from", m.From, fmt.Sprintf("pure_from = %d to steps = %d", c.PureFrom, c.Steps))
	}
	c.Method.validate(&f, c)
	f.Also(c.Weighting.Validate())
	f.Also(c.Matching.validate())
	f.Also(c.Discriminator.Validate())
	return f.Err
}
