package ablations

import (
	"slices"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
)

// StudentSteps asks what more steps of the student bring. The paper answers with pictures (Fig. 4) and user studies only. Its Table 2
// has DPM-Solver at few steps beside, and so has this.
var StudentSteps = register(Axis{
	Name: "student-steps", Title: "Student steps",
	Question: "What do more sampling steps of the same student bring, in which form, and how must it be trained for them?",
	Cells: slices.Concat([]Cell{{Name: "1", Default: true}},
		sampledIn("", nil),
		sampledIn("-of-first-900-800-700", trainedOn(900, 800, 700)),
		sampledIn("-of-first", trainedOn()),
		sampledIn("-student-time", studentTime)),
	SolverSteps: []int{12, 8, 4, 3, 2},
	Claims: []Claim{
		{Text: "more student steps help", Metric: FID, Better: "2", Worse: "1"},
		{Text: "more student steps help", Metric: FID, Better: "4", Worse: "1"},
		{Text: "more student steps help", Metric: CLIP, Better: "4", Worse: "1"},
	},
})

// sampledIn are the ways to sample from one student; one step of the default student is the default cell itself.
func sampledIn(student string, set func(*distill.Config)) (cells []Cell) {
	if student != "" {
		cells = append(cells, Cell{Name: "1" + student, Set: set})
	}
	for _, c := range []Cell{
		{Name: "2", Steps: 2}, {Name: "4", Steps: 4}, {Name: "8", Steps: 8},
		{Name: "2-ancestral", Steps: 2, Form: diffusion.Ancestral}, {Name: "4-ancestral", Steps: 4, Form: diffusion.Ancestral},
		{Name: "8-ancestral", Steps: 8, Form: diffusion.Ancestral},
	} {
		c.Name, c.Set = c.Name+student, set
		cells = append(cells, c)
	}
	return cells
}

// trainedOn sets the times but the first, which says how pure noise is told.
func trainedOn(others ...int) func(*distill.Config) {
	return func(c *distill.Config) {
		if c.Times = append(c.Times[:1:1], others...); others == nil {
			c.Pure = 0 // all pictures begin there
		}
	}
}
