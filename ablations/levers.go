package ablations

import (
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/discriminator"
)

// Levers are choices that the paper leaves open and that its objective does not depend on. Each alone may be undone by the others'
// absence, so that one cell has them all.
var Levers = register(Axis{
	Name: "levers", Title: "What the paper leaves open",
	Question: "Which of the choices that the paper leaves open keep variety, or make the discriminator see more?",
	Cells: []Cell{
		{Name: "default", Default: true},
		{Name: "pure-half", Set: pureHalf},
		{Name: "colors-0.2", Set: paleColors},
		{Name: "shifts-0.25", Set: func(c *distill.Config) { c.Discriminator.AugmentShift = 0.25 }},
		{Name: "d-twice", Set: twice},
		{Name: "group-norm", Set: groupNorm},
		{Name: "low-noise-teacher", Set: lowNoise},
		{Name: "lambda-falls", Set: func(c *distill.Config) { c.LambdaDecay = 1 }},
		{Name: "equalized-map", Set: func(c *distill.Config) { c.Discriminator.CondEqualized = true }},
		{Name: "pairs", Set: pairs},
		{Name: "all", Set: func(c *distill.Config) {
			for _, set := range []func(*distill.Config){paleColors, twice, groupNorm, lowNoise} {
				set(c)
			}
		}},
	},
})

func pureHalf(c *distill.Config)   { c.Pure = c.Batch / 2 }
func paleColors(c *distill.Config) { c.Discriminator.AugmentColor = 0.2 }
func twice(c *distill.Config)      { c.DiscriminatorUpdates = 2 }
func groupNorm(c *distill.Config)  { c.Discriminator.Norm = discriminator.NormGroup }

// pairs lets the discriminator see two pictures of a caption at once.
func pairs(c *distill.Config) { c.Discriminator.PerCaption = 2 }

// lowNoise asks the teacher where it sharpens.
func lowNoise(c *distill.Config) { c.TeacherMax = 500 }
