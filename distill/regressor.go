package distill

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/train"
)

// regressor is what methods share whose student moves once a step, by one distance.
type regressor struct{ setup }

// Losses implements Method: those of regress.
func (regressor) Losses() []string {
	return []string{"distill", "distill_grad", "student_grad", "pixel_var"}
}

// Init implements Method.
func (regressor) Init(*model.Store) error { return nil }

// once lists the only update of a step.
func once[N, H any](name string, step int, draw func(b dataset.Batch, step, number int) H, update func(root *model.Scope, in N) map[string]*Node) []Update {
	return []Update{{
		Name:  name,
		Draw:  func(b dataset.Batch, number int) any { return draw(b, step, number) },
		Graph: train.GraphOf(update),
	}}
}

// regress moves the student against λ times a loss at x0 = x̂_θ.
func regress(n networks, in studentInputs[*Node], x0 *Node, loss func(x0 *Node) *Node) map[string]*Node {
	clean := Identity(StopGradient(x0))
	value := loss(clean)
	gradient := Gradient(MulScalar(value, n.cfg.Lambda), clean)[0]
	return map[string]*Node{
		"distill": value, "distill_grad": l2(gradient), "pixel_var": pixelVariance(x0),
		"student_grad": moveStudent(n, x0, in, gradient),
	}
}
