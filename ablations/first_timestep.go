package ablations

import "github.com/addlab/addlab/distill"

// FirstTimestep asks which timestep the student should be told of pure noise. Told 1000, where nothing of a picture is left, a teacher answers
// with the same mean whatever the noise, and so does its student before it has learned anything; told less, it takes the noise for
// traces of a picture and begins with answers that differ. With a signal leak there are such traces in training.
var FirstTimestep = register(Axis{
	Name: "first-timestep", Title: "Timestep of pure noise",
	Question: "Which timestep should the student be told of the pure noise that it starts from?",
	BuiltIn:  true,
	Cells: []Cell{
		{Name: "1000", Set: startAt(1000, false)},
		{Name: "980", Set: startAt(980, false)},
		{Name: "950", Set: startAt(950, false)},
		{Name: "900", Set: startAt(900, false)},
		{Name: "980-leak", Default: true},
		{Name: "970-leak", Set: startAt(970, true)},
	},
})

func startAt(t int, leak bool) func(*distill.Config) {
	return func(c *distill.Config) { c.Times[0], c.SignalLeak = t, leak }
}
