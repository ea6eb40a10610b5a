package ablations

import "github.com/addlab/addlab/distill"

// StudentInit asks what the student gains from the teacher's weights (ADD Table 1c).
var StudentInit = register(Axis{
	Name: "student-init", Title: "Student initialisation", Ref: "ADD Table 1c",
	Question: "Must the student start from the teacher's weights?",
	Cells: []Cell{
		{Name: "random", Paper: Paper{FID: 293.6, CLIP: .065}, Set: func(c *distill.Config) { c.Init = distill.Random }},
		{Name: "pretrained", Default: true, Paper: Paper{FID: 20.6, CLIP: .319}},
	},
	Claims: []Claim{
		{Text: "a student from random weights is far worse", Metric: FID, Better: "pretrained", Worse: "random", Factor: farWorse},
	},
})
