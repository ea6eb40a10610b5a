package ablations

import "github.com/addlab/addlab/distill"

// StudentArch asks whether a transformer does as well as a U-Net that costs as much, each distilled from its own teacher.
var StudentArch = register(Axis{
	Name: "student-arch", Title: "Architecture of the student",
	Question: "Does a transformer do as well as a U-Net that costs as much, each distilled from its own teacher?",
	Cells: []Cell{
		{Name: "unet", Default: true},
		{Name: "dit", Set: func(c *distill.Config) { c.StudentNet, c.TeacherNet = "teacher-dit", "teacher-dit" }},
	},
	Teachers: []string{"teacher-dit"},
})
