package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
)

// Consistency sets ADD beside the method that the paper's users compare it with: latent consistency distillation (Luo et al. 2310.04378),
// of the same teacher, in as many steps of as many pictures, without and with ADD's discriminator. The guidance of its solver is the one at
// which the teacher is measured. Of the times at which its students draw, LCM's grid of 50 has 1 and .5; .75 and .25, and the odd eighths,
// lie between two points that it was trained at.
var Consistency = register(Axis{
	Name: "consistency", Title: "ADD beside consistency distillation",
	Question: "Is one step of ADD better than several of a consistency model of the same teacher?",
	Cells: []Cell{
		{Name: "add-1", Default: true},
		{Name: "add-2", Steps: 2},
		{Name: "add-4", Steps: 4},
		{Name: "lcm-1", Set: consistent, Steps: 1},
		{Name: "lcm-2", Set: consistent, Steps: 2},
		{Name: "lcm-4", Set: consistent, Steps: 4},
		{Name: "lcm-8", Set: consistent, Steps: 8},
		{Name: "lcm-adv-1", Set: consistentAdversarial, Steps: 1},
		{Name: "lcm-adv-2", Set: consistentAdversarial, Steps: 2},
		{Name: "lcm-adv-4", Set: consistentAdversarial, Steps: 4},
	},
	Claims: []Claim{ // of the paper's study of users, for ADD-XL and LCM-XL
		{Text: "one step of ADD is better than four of a consistency model", Metric: FID, Better: "add-1", Worse: "lcm-4"},
		{Text: "one step of ADD is better than four of a consistency model", Metric: CLIP, Better: "add-1", Worse: "lcm-4"},
	},
})

func consistent(c *distill.Config) {
	c.Adversarial, c.Lambda, c.TeacherGuidance, c.EMA = 0, 1, protocol.DefaultSetup(c.Scale).Guidance, 0.95
	fromNoise(c) // the grid begins there, and sampling divides it evenly
	c.Consistency = &distill.Consistency{Grid: 50, Huber: 0.001}
}

func consistentAdversarial(c *distill.Config) {
	consistent(c)
	c.Adversarial = 1
}
