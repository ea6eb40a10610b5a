package ablations

import "github.com/addlab/addlab/distill"

// TeacherRange asks at which noise levels the teacher should look at the student's picture. The paper does not say which it takes; near
// pure noise the teacher knows the caption only, and pulls every picture to the mean of what the caption leaves open.
var TeacherRange = register(Axis{
	Name: "teacher-range", Title: "Noise at which the teacher is asked",
	Question: "Up to which noise level t should the teacher look at the student's picture?",
	Cells: []Cell{
		{Name: "0.98", Default: true},
		{Name: "0.7", Set: teacherUpTo(700)},
		{Name: "0.5", Set: teacherUpTo(500)},
		{Name: "0.3", Set: teacherUpTo(300)},
	},
})

func teacherUpTo(timestep int) func(*distill.Config) {
	return func(c *distill.Config) { c.TeacherMax = timestep }
}
