package ablations

import "github.com/addlab/addlab/distill"

// Lambda asks how strong the teacher should pull. The paper gives λ = 2.5 without numbers for others.
var Lambda = register(Axis{
	Name: "lambda", Title: "Weight of the distillation loss",
	Question: "How strong should the teacher pull against the discriminator (λ of ADD eq. 1)?",
	Cells: []Cell{
		{Name: "0", Set: func(c *distill.Config) { c.Lambda = 0 }},
		{Name: "0.5", Set: func(c *distill.Config) { c.Lambda = 0.5 }},
		{Name: "1", Set: func(c *distill.Config) { c.Lambda = 1 }},
		{Name: "2.5", Default: true},
		{Name: "5", Set: func(c *distill.Config) { c.Lambda = 5 }},
		{Name: "10", Set: func(c *distill.Config) { c.Lambda = 10 }},
	},
})
