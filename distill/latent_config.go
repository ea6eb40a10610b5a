package distill

import (
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/train/optim"
)

// LatentScale is the scale of LatentConfig.
const LatentScale = "paper"

// LatentMethods are the presets of LatentConfig.
var LatentMethods = []string{"add", "ladd", "lcm", "dmd2"}

// LatentConfig is the default for students of latent diffusion models: batches of 128 in 64 passes of two pictures, as the paper's models
// do not fit a device otherwise. What the paper does not say is this project's choice, and was not tried at that size.
func LatentConfig(method string) (Config, error) {
	c := Config{
		Recipe: RecipeVersion, Scale: LatentScale, Seed: 1, Steps: 4000, Batch: 2, Accumulate: 64,
		Times: []int{1000, 750, 500, 250}, Init: Pretrained,
		Adversarial: 1, Lambda: 2.5, Weighting: diffusion.Exponential, Reduction: Patch, DistillPixels: true,
		TeacherMin: 20, TeacherMax: 980, TeacherSteps: 1,
		Discriminator: discriminator.DefaultConfig(),
		StudentRate:   optim.Rate{Peak: 1e-5, Warmup: 100}, DiscriminatorRate: optim.Rate{Peak: 1e-3, Warmup: 100},
		ClipNorm: 1, EMA: 0.99,
	}
	c.Discriminator.Taps = 4 // as in the paper
	switch method {
	case "add":
	case "ladd": // heads on the teacher's own features of latents that are diffused anew (Sauer et al. 2403.12015)
		c.inLatents()
		c.Discriminator.Level, c.Discriminator.Renoise = true, &discriminator.Renoise{SD: 1}
	case "lcm": // Luo et al. 2310.04378 in latents
		c.Consistency = &Consistency{Grid: 50, Huber: .001}
		c.Adversarial, c.Lambda, c.Reduction, c.DistillPixels, c.TeacherGuidance = 0, 1, Mean, false, 7.5
	case "dmd2": // Yin et al. 2405.14867, for one step; the guidance is ours, theirs differs between models
		c.inLatents()
		c.Adversarial, c.Discriminator.Softplus, c.DiscriminatorUpdates, c.Times, c.TeacherGuidance = .1, true, 5, []int{1000}, 7.5
		c.Matching = &Matching{Weight: .5, From: 1, Ramp: 250, Min: 20, Max: 980, Rate: c.StudentRate}
		s := DefaultFDistill
		s.Divergence = "rkl"
		c.Method = &Named{s}
	default:
		return c, fmt.Errorf("distill: method = %q, want one of %q", method, LatentMethods)
	}
	return c, nil
}

// inLatents puts heads on the teacher's own features of latents, in place of eq. 4 and of pictures.
func (c *Config) inLatents() {
	c.Lambda, c.DistillPixels, c.FeaturesNet = 0, false, teacherScope
	c.Discriminator.Image, c.Discriminator.Augment, c.Discriminator.Norm = false, false, discriminator.NormGroup
}
