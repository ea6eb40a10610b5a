package ablations

import "github.com/addlab/addlab/distill"

// R1 asks how much the heads' gradient must be held down. The paper gives γ = 1e-5 without numbers for others.
var R1 = register(Axis{
	Name: "r1", Title: "Gradient penalty",
	Question: "How strong should the penalty on the heads' gradients at real pictures be (γ of ADD eq. 3)?",
	Cells: []Cell{
		{Name: "0", Set: func(c *distill.Config) { c.Discriminator.R1Weight = 0 }},
		{Name: "1e-6", Set: func(c *distill.Config) { c.Discriminator.R1Weight = 1e-6 }},
		{Name: "1e-5", Default: true},
		{Name: "1e-4", Set: func(c *distill.Config) { c.Discriminator.R1Weight = 1e-4 }},
		{Name: "1e-3", Set: func(c *distill.Config) { c.Discriminator.R1Weight = 1e-3 }},
	},
})
