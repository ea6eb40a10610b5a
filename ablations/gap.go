package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
)

// Gap asks which part of ADD keeps its student from drawing as well as its teacher. Each cell but add-dmd replaces one part.
var Gap = register(Axis{
	Name: "gap", Title: "What keeps ADD from its teacher's drawing", BuiltIn: true,
	Question: "Which part of ADD keeps the student from drawing as its teacher does: distillation loss, discriminator, length or teacher?",
	Cells: []Cell{
		{Name: "add", Default: true},
		{Name: "sds", Set: func(c *distill.Config) { c.Weighting = "sds" }},
		{Name: "low-noise", Set: teacherUpTo(300)},
		{Name: "score-difference", Set: scoreDifference},
		{Name: "unet", Set: seesSharply},
		{Name: "low-noise-unet", Set: func(c *distill.Config) { c.TeacherMax = 300; seesSharply(c) }},
		{Name: "add-dmd", Set: addDMD},
		{Name: "teacher-l", Set: func(c *distill.Config) { c.TeacherNet = "teacher-l" }},
		{Name: "longer", Set: func(c *distill.Config) { *c = c.WithSteps(2 * c.Steps) }},
	},
})

// seesSharply puts the heads on the features of the teacher, on pictures with little noise and without augmentation.
func seesSharply(c *distill.Config) {
	seesThroughTeacher(c)
	c.Discriminator.Renoise = &discriminator.Renoise{Mean: -1.2, SD: 1}
	c.Discriminator.Augment, c.Discriminator.Level = false, true
}

// scoreDifference moves the student by DMD2's difference of scores in place of eq. 4's. The discriminator stays.
func scoreDifference(c *distill.Config) { c.Lambda, c.Matching = 0, matchingFrom(c, 1) }

// addDMD leaves high noise to the score difference, which keeps variety, and eq. 4 at t ≤ .3 to sharpen; the heads see strokes. Both
// scores look at pictures from pure noise, three quarters of a batch.
func addDMD(c *distill.Config) {
	c.TeacherMax, c.Matching = 300, matchingFrom(c, 1)
	seesSharply(c)
	if len(c.Times) == 1 {
		return
	}
	studentTime(c)
	c.Reconstruct = 1
	if c.Pure == 0 {
		c.Pure = max(1, c.Batch*3/4)
	}
	// The term is a mean over those pictures: each is pulled as it would be among all.
	c.Matching.PureOnly, c.Matching.Weight = true, c.Matching.Weight*float64(c.Pure)/float64(c.Batch)
}

func studentTime(c *distill.Config) { c.Discriminator.StudentTime = true }
