package ablations

import (
	"fmt"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
)

// MethodSteps asks what a second and a fourth call of a student bring. It has the methods whose students learn more than one time; the
// others of the axis method draw in one step only.
var MethodSteps = register(Axis{
	Name: "method-steps", Title: "Few-step methods in one, two and four steps",
	Question:    "How much better does each method draw in two and in four steps?",
	Cells:       inFewSteps(),
	SolverSteps: []int{8, 4, 2},
})

func inFewSteps() (cells []Cell) {
	add := func(method string, steps int, form diffusion.Form, set func(*distill.Config)) {
		cells = append(cells, Cell{
			Name: fmt.Sprintf("%s-%d", method, steps), Curve: method, Default: set == nil && steps == 1,
			Set: set, Steps: steps, Form: form,
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
