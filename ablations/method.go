package ablations

import (
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
)

// Method sets ADD beside the few-step methods that it is compared with, of the same teacher, in as many steps of as many pictures. All but
// ADD's default cell have the guidance at which the teacher is measured. None was tuned for the comparison.
var Method = register(Axis{
	Name: "method", Title: "Few-step methods on one teacher",
	Question: "Which method makes the best few-step student of one teacher in one budget?",
	Cells: []Cell{
		{Name: "add", Default: true},
		{Name: "lcm", Set: consistent},
		{Name: "regression", Set: regression},
		{Name: "reflow", Set: reflow(distill.DefaultReflow.Regress)},
		{Name: "reflow-4", Set: reflow(0), Steps: 4, Form: diffusion.ODE},
	},
})

// guided leaves the student to a named method alone.
func guided(c *distill.Config) {
	c.Adversarial, c.Lambda, c.TeacherGuidance = 0, 1, protocol.DefaultSetup(c.Scale).Guidance
}

// teacherPairs are as many of the teacher as a scale has time for.
func teacherPairs(scale string) distill.Pairs {
	p := distill.DefaultPairs
	switch scale {
	case "smoke":
		p.Count, p.Steps = 64, 4
	case "gpu":
		p.Count = 1 << 15
	}
	return p
}

func regression(c *distill.Config) {
	guided(c)
	s := distill.DefaultRegression
	s.Pairs = teacherPairs(c.Scale)
	c.Times, c.Method = []int{1000}, &distill.Named{Settings: s}
}

// reflow regresses in this share of the steps.
func reflow(share float64) func(*distill.Config) {
	return func(c *distill.Config) {
		guided(c)
		c.Method = &distill.Named{Settings: distill.Reflow{Pairs: teacherPairs(c.Scale), Regress: share}}
	}
}
