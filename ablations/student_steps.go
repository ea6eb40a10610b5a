package ablations

import (
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
)

// StudentSteps asks what more steps of the student bring. The paper answers with pictures and user studies only.
var StudentSteps = register(Axis{
	Name: "student-steps", Title: "Student steps",
	Question: "What do more sampling steps of the same student bring, and must it be trained on more than pure noise to take one?",
	Cells: []Cell{
		{Name: "1", Default: true},
		{Name: "2", Steps: 2},
		{Name: "4", Steps: 4},
		{Name: "2-ancestral", Steps: 2, Form: diffusion.Ancestral},
		{Name: "4-ancestral", Steps: 4, Form: diffusion.Ancestral},
		{Name: "4-of-1000-900-800-700", Steps: 4, Set: func(c *distill.Config) { c.Times = []int{1000, 900, 800, 700} }},
		{Name: "1-of-1000", Set: func(c *distill.Config) { c.Times = []int{1000} }},
	},
})
