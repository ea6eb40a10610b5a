package ablations

import "github.com/addlab/addlab/distill"

// Refine asks whether ADD gains from a student that knows the teacher's map already: it starts from the one that the bundle ships, and
// moves it a little. In scenes that is one of regression.
var Refine = register(Axis{
	Name: "refine", Title: "ADD from a student that draws already",
	Question: "Should ADD start from the teacher, or from a student that another method made?",
	Cells: []Cell{
		{Name: "from-teacher", Default: true},
		{Name: "from-teacher-short", Set: briefly},
		{Name: "from-student", Set: func(c *distill.Config) { briefly(c); c.StudentNet = distill.Shipped }},
	},
})

// briefly takes a quarter of the steps at a fifth of the rate.
func briefly(c *distill.Config) {
	*c = c.WithSteps(max(1, c.Steps/4))
	c.StudentRate.Peak /= 5
}
