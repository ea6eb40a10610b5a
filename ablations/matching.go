package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/train/optim"
)

// Matching asks what sharpens one step of a consistency student: a larger share of pure noise, distribution matching (DMD2, Yin et al.
// 2405.14867), and ADD's discriminator beside both.
var Matching = register(Axis{
	Name: "matching", Title: "Distribution matching beside consistency",
	Question: "What sharpens one step of a consistency student: more pure noise, distribution matching, a discriminator?",
	Cells: []Cell{
		{Name: "add", Default: true},
		{Name: "lcm", Set: consistent},
		{Name: "lcm-pure", Set: halfPure},
		{Name: "lcm-dmd", Set: matching},
		{Name: "lcm-dmd-adv", Set: func(c *distill.Config) { matching(c); c.Adversarial = 0.5 }},
	},
})

// halfPure begins half of the batch at pure noise, where one step is drawn from, once consistency has found the map from noise to pictures:
// from the first step on it loses it.
func halfPure(c *distill.Config) {
	consistent(c)
	c.Pure, c.PureFrom = c.Batch/2, 1+c.Steps*5/8
}

func matching(c *distill.Config) {
	halfPure(c)
	c.Matching = matchingFrom(c, c.PureFrom)
}

// matchingFrom begins with a step.
func matchingFrom(c *distill.Config, step int) *distill.Matching {
	rate := optim.Rate{Peak: 1e-3, Warmup: min(20, c.Steps/4)}
	if c.Scale == distill.LatentScale {
		rate = c.StudentRate // both are copies of one large network
	}
	return &distill.Matching{Weight: 0.5, From: step, Ramp: c.Steps / 16, Min: 20, Max: 980, Rate: rate}
}
