package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
)

// Refine asks whether ADD gains from a student of regression, which knows the teacher's map already, and which of its parts spoil how that
// student draws. Its cells move the student a little.
var Refine = register(Axis{
	Name: "refine", Title: "ADD from a student that draws already",
	Question: "Should ADD start from the teacher, or from a student that another method made?",
	Cells: []Cell{
		{Name: "from-teacher", Default: true},
		{Name: "from-teacher-short", Set: briefly},
		{Name: "start", Set: func(c *distill.Config) { refined(c); *c = c.WithSteps(1) }}, // as good as untouched
		{Name: "from-student", Set: refined},
		{Name: "low-noise", Set: sharpened},
		{Name: "low-noise-unet", Set: drawn},
		{Name: "low-noise-unet-2", Set: drawn, Steps: 2},
		{Name: "low-noise-unet-4", Set: drawn, Steps: 4},
		{Name: "low-noise-alone", Set: func(c *distill.Config) { sharpened(c); c.Adversarial = 0 }},
	},
})

// briefly takes a quarter of the steps at a fifth of the rate.
func briefly(c *distill.Config) {
	*c = c.WithSteps(max(2, c.Steps/4))
	c.StudentRate.Peak /= 5
}

func refined(c *distill.Config) {
	briefly(c)
	c.StudentNet = "student-regression"
}

// sharpened asks the teacher where it sharpens. At high noise its answer is a mean of pictures, which is blurred.
func sharpened(c *distill.Config) {
	refined(c)
	c.TeacherMax = 300
}

func drawn(c *distill.Config) {
	sharpened(c)
	seesStrokes(c)
}

// seesStrokes puts the heads on the features of the teacher, which looks at little noise. They see strokes that those of the bundle miss.
func seesStrokes(c *distill.Config) {
	seesThroughTeacher(c)
	c.Discriminator.Renoise = &discriminator.Renoise{Mean: -1.2, SD: 1}
	c.Discriminator.Augment, c.Discriminator.Level = false, true
}
