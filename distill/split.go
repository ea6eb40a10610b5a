package distill

import (
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/train"
)

// Where latents are diffused an update of the student is three programs: x̂ forwards, the losses with their gradient at x̂, and x̂ again,
// forwards and backwards. Activations of the student then do not wait in memory for decoder, discriminator and teacher. It costs one more
// pass of the student. Several devices share one program: what passes between programs would be a device's share for the next.

// What one of these programs leaves for the next, [B,H,W,Z]: x̂ and the gradient.
const passedPicture, passedGradient = "/passed/x0", "/passed/gradient"

// splits reports whether updates are three programs.
func (s setup) splits() bool {
	_, latents := s.base.(Autoencoded)
	return latents && s.devices <= 1
}

// initPassed creates the variables that are passed.
func (s setup) initPassed(store *model.Store) {
	if !s.splits() {
		return
	}
	side, channels := s.sample()
	for _, path := range []string{passedPicture, passedGradient} {
		x := tensors.FromFlatDataAndDimensions(make([]float32, s.cfg.Batch*s.values()), s.cfg.Batch, side, side, channels)
		store.VariableWithValue(path, x).SetTrainable(false)
	}
}

// pass leaves a value. Its node comes after the variable's, as the pure Go engine wants an output behind the last parameter.
func pass(store *model.Store, path string, x *Node) {
	v := store.GetVariable(path)
	v.NodeValue(x.Graph())
	v.SetNodeValue(Identity(x))
}

// moving are inputs that hold those of moving the student.
type moving interface {
	student() studentInputs[*tensors.Tensor]
}

func (in studentInputs[T]) student() studentInputs[T] { return in }

// split divides an update whose graph takes x̂ from networks.student and gives the gradient to moveStudent. losses builds it for networks
// that pass both.
func split[N any, H moving](s setup, name string, draw func(b dataset.Batch, number int) H, losses func(root *model.Scope, in N) map[string]*Node) Update {
	inputs := func(b dataset.Batch, number int, moves bool) any {
		in := draw(b, number).student()
		in.Picture = nil
		if !moves {
			in.StudentRate, in.Decay = nil, nil
		}
		return in
	}
	predict := func(root *model.Scope, in studentInputs[*Node]) (networks, *Node) {
		n := networks{setup: s, root: root}
		return n, n.predict(in, n.text(in.Caption))
	}
	move := &Update{
		Name: "move",
		Draw: func(b dataset.Batch, number int) any { return inputs(b, number, true) },
		Graph: train.GraphOf(func(root *model.Scope, in studentInputs[*Node]) map[string]*Node {
			n, x0 := predict(root, in)
			gradient := root.Store().GetVariable(passedGradient).NodeValue(x0.Graph())
			return map[string]*Node{"student_grad": moveStudent(n, x0, in, gradient)}
		}),
	}
	judge := &Update{
		Name: name, Then: move,
		Draw: func(b dataset.Batch, number int) any { return draw(b, number) },
		Graph: train.GraphOf(func(root *model.Scope, in N) map[string]*Node {
			all := losses(root, in)
			delete(all, "pixel_var")
			delete(all, "student_grad")
			return all
		}),
	}
	return Update{
		Name: "forward", Then: judge,
		Draw: func(b dataset.Batch, number int) any { return inputs(b, number, false) },
		Graph: train.GraphOf(func(root *model.Scope, in studentInputs[*Node]) map[string]*Node {
			_, x0 := predict(root, in)
			pass(root.Store(), passedPicture, x0)
			return map[string]*Node{"pixel_var": pixelVariance(x0)}
		}),
	}
}

// trained are all variables of the student, whether or not a graph uses them.
func trained(store *model.Store) []*model.Variable {
	var all []*model.Variable
	for v := range store.Scope("/" + studentScope).IterVariables() {
		if v.Trainable {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b *model.Variable) int { return strings.Compare(a.Path(), b.Path()) })
	return all
}
