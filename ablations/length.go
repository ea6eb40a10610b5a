package ablations

import "github.com/addlab/addlab/distill"

// Length asks whether students of the default length have learned what they can.
var Length = register(Axis{
	Name: "length", Title: "Length of training",
	Question: "How much does a student still gain from training longer than the scale's preset?",
	Cells: []Cell{
		{Name: "0.5x", Set: stretch(0.5)},
		{Name: "1x", Default: true},
		{Name: "2x", Set: stretch(2)},
		{Name: "4x", Set: stretch(4)},
		{Name: "8x", Set: stretch(8)},
	},
})

// stretch trains for a multiple of the steps; the rates fall later accordingly.
func stretch(by float64) func(*distill.Config) {
	return func(c *distill.Config) { *c = c.WithSteps(max(1, int(by*float64(c.Steps)))) }
}
