package ablations

import "github.com/addlab/addlab/distill"

// DiscCond asks what the discriminator should be told (ADD Table 1b).
var DiscCond = register(Axis{
	Name: "disc-cond", Title: "Discriminator conditioning", Ref: "ADD Table 1b",
	Question: "Should the discriminator see the caption (text), an embedding of the real picture (image), or both?",
	Cells: []Cell{
		{Name: "none", Paper: Paper{FID: 21.2, CLIP: .302}, Set: func(c *distill.Config) {
			c.Discriminator.Text, c.Discriminator.Image = false, false
		}},
		{Name: "text", Paper: Paper{FID: 21.2, CLIP: .307}, Set: func(c *distill.Config) { c.Discriminator.Image = false }},
		{Name: "image", Paper: Paper{FID: 21.1, CLIP: .316}, Set: func(c *distill.Config) { c.Discriminator.Text = false }},
		{Name: "both", Default: true, Paper: Paper{FID: 20.6, CLIP: .319}},
	},
	Claims: []Claim{
		{Text: "conditioning on the picture adds more alignment than on the caption", Metric: CLIP, Better: "image", Worse: "text"},
		{Text: "both conditions together align best", Metric: CLIP, Better: "both", Worse: "none"},
		{Text: "both conditions together align best", Metric: CLIP, Better: "both", Worse: "text"},
		{Text: "both conditions together align best", Metric: CLIP, Better: "both", Worse: "image"},
	},
})
