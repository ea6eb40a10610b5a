package ablations

import "github.com/addlab/addlab/distill"

// FirstTimestep asks which timestep the student should be told of pure noise. Told 1000, where nothing of a picture is left, a teacher answers
// with the same mean whatever the noise, and so does its student before it has learned anything; told less, it takes the noise for
// traces of a picture and begins with answers that differ. With a signal leak there are such traces in training.
var FirstTimestep = register(Axis{
	Name: "first-timestep", Title: "Timestep of pure noise",
	Question: "Which timestep should the student be told of the pure noise that it starts from?",
	Cells: []Cell{
		{Name: "1000", Default: true},
		{Name: "980", Set: startAt(980)},
		{Name: "950", Set: startAt(950)},
		{Name: "900", Set: startAt(900)},
		{Name: "980-leak", Set: leakAt(980)},
		{Name: "970-leak", Set: leakAt(970)},
	},
})

func startAt(t int) func(*distill.Config) {
	return func(c *distill.Config) { c.Times[0] = t }
}

func leakAt(t int) func(*distill.Config) {
	return func(c *distill.Config) { c.Times[0], c.SignalLeak = t, true }
}
