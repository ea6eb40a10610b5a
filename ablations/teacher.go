package ablations

import "github.com/addlab/addlab/distill"

// TeacherSize asks whether a larger teacher makes a better student (ADD Table 1e). Small and large are the bundle's U-Net and one
// that is half as wide again; a student starts from the weights of its own size.
var TeacherSize = register(Axis{
	Name: "teacher", Title: "Sizes of student and teacher", Ref: "ADD Table 1e",
	Question: "Does a larger teacher make a better student, and does a larger student?",
	Cells: []Cell{
		{Name: "s-from-s", Default: true, Paper: Paper{FID: 20.6, CLIP: .319}},
		{Name: "s-from-l", Paper: Paper{FID: 21.3, CLIP: .321}, Set: func(c *distill.Config) { c.TeacherNet = "teacher-l" }},
		{Name: "l-from-s", Paper: Paper{FID: 29.3, CLIP: .314}, Set: func(c *distill.Config) { c.StudentNet = "teacher-l" }},
		{Name: "l-from-l", Paper: Paper{FID: 28.41, CLIP: .325}, Set: func(c *distill.Config) {
			c.StudentNet, c.TeacherNet = "teacher-l", "teacher-l"
		}},
	},
	Teachers: []string{"teacher-l"},
	Claims: []Claim{
		{Text: "a larger student has a worse FID", Metric: FID, Better: "s-from-s", Worse: "l-from-s"},
		{Text: "a larger teacher aligns a large student better", Metric: CLIP, Better: "l-from-l", Worse: "l-from-s"},
		{Text: "the size of the teacher hardly matters to a small student", Metric: FID, Better: "s-from-l", Worse: "s-from-s", Within: closeFID},
		{Text: "the size of the teacher hardly matters to a small student", Metric: CLIP, Better: "s-from-l", Worse: "s-from-s", Within: closeCLIP},
	},
})
