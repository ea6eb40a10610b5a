package ablations

import "github.com/addlab/addlab/distill"

// Loss asks what each term of the objective adds (ADD Table 1d).
var Loss = register(Axis{
	Name: "loss", Title: "Loss terms", Ref: "ADD Table 1d",
	Question: "What do the adversarial and the distillation loss add, and how should the latter be weighted over noise levels?",
	Cells: []Cell{
		{Name: "adv", Paper: Paper{FID: 20.8, CLIP: .315}, Set: func(c *distill.Config) { c.Lambda = 0 }},
		{Name: "distill", Paper: Paper{FID: 315.6, CLIP: .076}, Set: func(c *distill.Config) { c.Adversarial = 0 }},
		{Name: "both-exp", Default: true, Paper: Paper{FID: 20.6, CLIP: .319}},
		{Name: "both-sds", Paper: Paper{FID: 22.3, CLIP: .325}, Set: func(c *distill.Config) { c.Weighting = "sds" }},
		{Name: "both-nfsd", Paper: Paper{FID: 21.8, CLIP: .327}, Set: func(c *distill.Config) { c.Weighting = "nfsd" }},
	},
	Claims: []Claim{
		{Text: "the distillation loss alone is far worse", Metric: FID, Better: "both-exp", Worse: "distill", Factor: farWorse},
		{Text: "the adversarial loss alone is close to both losses", Metric: FID, Better: "adv", Worse: "both-exp", Within: closeFID},
		{Text: "the adversarial loss alone is close to both losses", Metric: CLIP, Better: "adv", Worse: "both-exp", Within: closeCLIP},
		{Text: "the teacher adds alignment to the adversarial loss", Metric: CLIP, Better: "both-exp", Worse: "adv"},
		{Text: "exp has a better FID than sds", Metric: FID, Better: "both-exp", Worse: "both-sds"},
		{Text: "exp has a better FID than nfsd", Metric: FID, Better: "both-exp", Worse: "both-nfsd"},
		{Text: "sds aligns better than exp", Metric: CLIP, Better: "both-sds", Worse: "both-exp"},
		{Text: "nfsd aligns better than exp", Metric: CLIP, Better: "both-nfsd", Worse: "both-exp"},
	},
})
