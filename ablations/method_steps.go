package ablations

import (
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
)

// MethodSteps asks what a second and a fourth call of a student bring. It has the methods whose students learn more than one time; the
// others of the axis method draw in one step only.
var MethodSteps = register(Axis{
	Name: "method-steps", Title: "Few-step methods in one, two and four steps", Ref: "ADD Table 2",
	Question:    "How well does each few-step method draw in one, two and four steps?",
	Cells:       inFewSteps(),
	SolverSteps: []int{8, 4, 2},
	Claims: []Claim{
		{Text: "one step of ADD is better than one of InstaFlow", Metric: FID, Better: "add-1", Worse: "reflow-1"},
		{Text: "one step of ADD is better than one of InstaFlow", Metric: CLIP, Better: "add-1", Worse: "reflow-1"},
		{Text: "one step of ADD is better than one of UFOGen", Metric: FID, Better: "add-1", Worse: "ufogen-1"},
		{Text: "one step of ADD is better than one of UFOGen", Metric: CLIP, Better: "add-1", Worse: "ufogen-1"},
		{Text: "one step of ADD is better than four of progressive distillation", Metric: FID, Better: "add-1", Worse: "progressive-4"},
		{Text: "one step of ADD is better than four of progressive distillation", Metric: CLIP, Better: "add-1", Worse: "progressive-4"},
	},
})

// tableTwo has the students of Stable Diffusion 1.5 in ADD's Table 2. Its InstaFlow is the one of 0.9 billion parameters.
var tableTwo = map[string]Paper{
	"add-1":         {FID: 19.7, CLIP: .326},
	"reflow-1":      {FID: 23.4, CLIP: .304},
	"progressive-1": {FID: 37.2, CLIP: .275},
	"progressive-2": {FID: 26.0, CLIP: .297},
	"progressive-4": {FID: 26.4, CLIP: .300},
	"ufogen-1":      {FID: 22.5, CLIP: .311},
}

func inFewSteps() (cells []Cell) {
	add := func(method string, steps int, form diffusion.Form, set func(*distill.Config)) {
		name := fmt.Sprintf("%s-%d", method, steps)
		cells = append(cells, Cell{
			Name: name, Curve: method, Paper: tableTwo[name], Default: set == nil && steps == 1, Set: set, Steps: steps, Form: form,
		})
	}
	for _, m := range []struct {
		name string
		set  func(*distill.Config)
	}{{"add", nil}, {"add-dmd", addDMD}, {"lcm", consistent}, {"scm", scm}, {"sana-sprint", sanaSprint}, {"ladd", ladd}} {
		for _, steps := range []int{1, 2, 4} {
			add(m.name, steps, "", m.set)
		}
	}
	// A student that moves along the ODE learns otherwise for one step than for several.
	add("reflow", 1, "", reflow(distill.DefaultReflow.Regress))
	add("reflow", 2, diffusion.ODE, reflow(0))
	add("reflow", 4, diffusion.ODE, reflow(0))
	add("progressive", 1, "", progressive(1))
	add("progressive", 2, diffusion.ODE, progressive(2))
	add("progressive", 4, diffusion.ODE, progressive(4))
	add("ufogen", 1, "", ufogenOnce)
	add("ufogen", 2, "", ufogen)
	add("ufogen", 4, "", ufogen)
	return cells
}
