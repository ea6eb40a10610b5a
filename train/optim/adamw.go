// Package optim updates weights inside a graph: AdamW and Muon with a rate given per step, and exponential moving averages.
package optim

import (
	"fmt"
	"math"
	"sort"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Optimizer updates variables against the gradient of a loss. coefficients is [3], see AdamW.Coefficients; Update returns the global norm
// of the gradient.
type Optimizer interface {
	Update(variables []*model.Variable, loss, coefficients *Node) *Node
}

var _ Optimizer = AdamW{}

// AdamW is Adam with decoupled weight decay (Loshchilov & Hutter 1711.05101). Its moments live under /optimizer/<Name>.
// Rate and bias corrections come from the host, so that a schedule depends on the step alone.
type AdamW struct {
	Name         string
	Beta1, Beta2 float64
	Epsilon      float64
	WeightDecay  float64 // on variables of rank ≥ 2: matrices, kernels, embeddings and tokens; not on biases and norms
	ClipNorm     float64 // largest global norm of the gradient; 0 for none
	// Passes is over how many calls gradients are gathered: the last of them moves the variables, along the mean. 0 is 1.
	Passes int
}

// Coefficients are the host values that Update needs at a call, counted from 1: rate, 1/(1−β1^step), 1/(1−β2^step) and, with several passes,
// whether it is the last of a step.
func (o AdamW) Coefficients(rate float64, call int) []float32 {
	passes := max(1, o.Passes)
	step := (call-1)/passes + 1
	all := []float32{
		float32(rate),
		float32(1 / (1 - math.Pow(o.Beta1, float64(step)))),
		float32(1 / (1 - math.Pow(o.Beta2, float64(step)))),
	}
	switch {
	case passes == 1:
		return all
	case call%passes == 0:
		return append(all, 1)
	}
	return append(all, 0)
}

// Variables lists the trainable variables below a scope that the graph uses, sorted by path.
func Variables(scope *model.Scope, g *Graph) []*model.Variable {
	var vs []*model.Variable
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			vs = append(vs, v)
		}
	}
	sort.Slice(vs, func(i, j int) bool { return vs[i].Path() < vs[j].Path() })
	return vs
}

// Update updates the variables against the gradient of the loss. coefficients are those of Coefficients; returns the global norm of the
// gradient before clipping, with several passes such that the mean over them is that of what is applied.
func (o AdamW) Update(variables []*model.Variable, loss, coefficients *Node) *Node {
	return o.Apply(variables, o.gradients(variables, loss), coefficients)
}

func (o AdamW) gradients(variables []*model.Variable, loss *Node) []*Node {
	if len(variables) == 0 {
		panic(fmt.Errorf("optim: %s has no variables to update", o.Name))
	}
	nodes := make([]*Node, len(variables))
	for i, v := range variables {
		nodes[i] = v.NodeValue(loss.Graph())
	}
	return Gradient(loss, nodes...)
}

// Apply is Update for given gradients.
func (o AdamW) Apply(variables []*model.Variable, grads []*Node, coefficients *Node) *Node {
	g := coefficients.Graph()
	at := func(i int) *Node { return Squeeze(Slice(coefficients, AxisElem(i))) }
	rate, correct1, correct2 := at(0), at(1), at(2)

	var moves *Node // with several passes 1 in the last of a step, else 0
	if o.Passes > 1 {
		moves = at(3)
		rate, grads = Mul(rate, moves), o.gather(variables, grads, moves)
	}
	norm := globalNorm(grads)
	clip := ScalarOne(g, norm.DType())
	if o.ClipNorm > 0 {
		clip = Min(clip, Div(Scalar(g, norm.DType(), o.ClipNorm), AddScalar(norm, 1e-12)))
	}

	for i, v := range variables {
		grad, value := Mul(grads[i], clip), v.NodeValue(g)
		m := ema(o.moment(g, v, "m"), grad, o.Beta1, moves)
		s := ema(o.moment(g, v, "v"), Mul(grad, grad), o.Beta2, moves)
		step := Div(Mul(m, correct1), AddScalar(Sqrt(Mul(s, correct2)), o.Epsilon))
		if o.WeightDecay > 0 && value.Rank() > 1 {
			step = Add(step, MulScalar(value, o.WeightDecay))
		}
		v.SetNodeValue(Sub(value, Mul(rate, step)))
	}
	if moves != nil {
		norm = Mul(norm, MulScalar(moves, float64(o.Passes)))
	}
	return norm
}

// gather gives the mean of the gradients of a step so far, and begins anew after its last pass.
func (o AdamW) gather(variables []*model.Variable, grads []*Node, moves *Node) []*Node {
	means := make([]*Node, len(grads))
	for i, v := range variables {
		sum := o.moment(moves.Graph(), v, "gradient")
		means[i] = Add(sum.NodeValue(moves.Graph()), MulScalar(grads[i], 1/float64(o.Passes)))
		sum.SetNodeValue(Mul(means[i], OneMinus(moves)))
	}
	return means
}

func globalNorm(grads []*Node) *Node {
	square := ReduceAllSum(Mul(grads[0], grads[0]))
	for _, grad := range grads[1:] {
		square = Add(square, ReduceAllSum(Mul(grad, grad)))
	}
	return Sqrt(square)
}

// ownScope holds the state of the optimisers, which starts at zero.
const ownScope = "/optimizer/"

// Gathered reports whether a path belongs to the state of an optimiser.
func Gathered(path string) bool { return strings.HasPrefix(path, ownScope) }

func (o AdamW) moment(g *Graph, v *model.Variable, kind string) *model.Variable {
	path := ownScope + o.Name + "/" + kind + v.Path()
	store := model.GetStore(g)
	m := store.GetVariable(path)
	switch {
	case m != nil:
		return m
	case v.HasValue():
		m = store.VariableWithValue(path, tensors.FromShape(v.Shape()))
	default: // in a graph that is compiled to see what it takes
		m = store.VariableWithShape(path, v.Shape(), Zeros)
	}
	return m.SetTrainable(false)
}

// ema moves a variable towards x, where moves is nil or 1, and returns its new value.
func ema(v *model.Variable, x *Node, decay float64, moves *Node) *Node {
	old := v.NodeValue(x.Graph())
	next := Add(MulScalar(old, decay), MulScalar(x, 1-decay))
	if moves == nil {
		v.SetNodeValue(next)
	} else {
		v.SetNodeValue(Add(Mul(next, moves), Mul(old, OneMinus(moves))))
	}
	return next
}

// EMA keeps a moving average of the variables at the same paths below another scope, created as copies on first use.
// Call it after Update; decay is a scalar node, so that it can warm up.
func EMA(variables []*model.Variable, from, to string, decay *Node) {
	for i, average := range Copies(decay.Graph(), variables, from, to) {
		old, now := average.NodeValue(decay.Graph()), variables[i].NodeValue(decay.Graph())
		average.SetNodeValue(Add(Mul(old, decay), Mul(now, OneMinus(decay))))
	}
}

// WarmDecay is the decay of an average after a step: (1+step)/(10+step) while that is smaller, in which the average forgets its start.
func WarmDecay(decay float64, step int) float64 {
	return math.Min(decay, float64(1+step)/float64(10+step))
}

// Copies are variables at the same paths below another scope, which training does not touch: made with the values that the
// originals have now, where they are not there yet.
func Copies(g *Graph, variables []*model.Variable, from, to string) []*model.Variable {
	store, copies := model.GetStore(g), make([]*model.Variable, len(variables))
	for i, v := range variables {
		path := to + v.Path()[len(from):]
		if copies[i] = store.GetVariable(path); copies[i] != nil {
			continue
		}
		if v.HasValue() {
			value, err := v.MustValue().LocalClone()
			if err != nil {
				panic(err)
			}
			copies[i] = store.VariableWithValue(path, value)
		} else { // in a graph that is compiled to see what it takes
			copies[i] = store.VariableWithShape(path, v.Shape(), Zeros)
		}
		copies[i].SetTrainable(false)
	}
	return copies
}

// Rate is a learning-rate schedule: linear warm-up, then constant, then half a cosine down to Final·Peak over the last part.
type Rate struct {
	Peak   float64 `json:"peak"`
	Warmup int     `json:"warmup"` // steps
	Decay  float64 `json:"decay"`  // share of all steps over which the rate falls; 0 for constant
	Final  float64 `json:"final"`  // share of the peak at the last step
}

// At is the rate of a step, counted from 1, in a training of so many steps.
func (r Rate) At(step, steps int) float64 {
	rate := r.Peak
	if step < r.Warmup {
		rate *= float64(step) / float64(r.Warmup)
	}
	start := float64(steps) * (1 - r.Decay)
	if past := float64(step) - start; r.Decay > 0 && past > 0 {
		progress := past / (float64(steps) - start)
		rate *= r.Final + (1-r.Final)*(1+math.Cos(math.Pi*progress))/2
	}
	return rate
}
