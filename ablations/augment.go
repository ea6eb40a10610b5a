package ablations

import "github.com/addlab/addlab/distill"

// Augment asks whether the discriminator needs augmented pictures. The paper follows StyleGAN-T without a comparison.
var Augment = register(Axis{
	Name: "augment", Title: "Augmentation",
	Question: "Does DiffAugment before the discriminator help?",
	Cells: []Cell{
		{Name: "none", Set: func(c *distill.Config) { c.Discriminator.Augment = false }},
		{Name: "diffaugment", Default: true},
	},
})
