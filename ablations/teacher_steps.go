package ablations

import "github.com/addlab/addlab/distill"

// TeacherSteps asks how far the teacher should go before the student is compared with it (ADD Table 1f).
var TeacherSteps = register(Axis{
	Name: "teacher-steps", Title: "Teacher steps", Ref: "ADD Table 1f",
	Question: "Does it help to let the teacher take several steps to its clean prediction?",
	Cells: []Cell{
		{Name: "1", Default: true, Paper: Paper{FID: 20.6, CLIP: .319}},
		{Name: "2", Paper: Paper{FID: 20.8, CLIP: .321}, Set: func(c *distill.Config) { c.TeacherSteps = 2 }},
		{Name: "4", Paper: Paper{FID: 20.3, CLIP: .317}, Set: func(c *distill.Config) { c.TeacherSteps = 4 }},
	},
	Claims: []Claim{
		{Text: "the number of teacher steps does not matter", Metric: FID, Better: "2", Worse: "1", Within: closeFID},
		{Text: "the number of teacher steps does not matter", Metric: CLIP, Better: "2", Worse: "1", Within: closeCLIP},
		{Text: "the number of teacher steps does not matter", Metric: FID, Better: "4", Worse: "1", Within: closeFID},
		{Text: "the number of teacher steps does not matter", Metric: CLIP, Better: "4", Worse: "1", Within: closeCLIP},
	},
})
