package ablations

import "github.com/addlab/addlab/distill"

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
		{Name: "low-noise", Set: atLowNoise},
		{Name: "low-noise-unet", Set: atLowNoiseByUNet},
		{Name: "low-noise-unet-2", Set: atLowNoiseByUNet, Steps: 2},
		{Name: "low-noise-unet-4", Set: atLowNoiseByUNet, Steps: 4},
		{Name: "low-noise-alone", Set: func(c *distill.Config) { atLowNoise(c); c.Adversarial = 0 }},
		{Name: "f-distill", Set: func(c *distill.Config) { refined(c); fdistill("js")(c) }},
		{Name: "dmd2", Set: func(c *distill.Config) { refined(c); fdistill("rkl")(c) }},
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

// atLowNoise lets eq. 4 ask the teacher at t ≤ .3 only. At high noise its answer is a mean of pictures, which is blurred.
func atLowNoise(c *distill.Config) {
	refined(c)
	c.TeacherMax = 300
}

// atLowNoiseByUNet also puts the heads on the teacher.
func atLowNoiseByUNet(c *distill.Config) {
	atLowNoise(c)
	seesSharply(c)
}
