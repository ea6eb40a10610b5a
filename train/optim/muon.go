package optim

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Muon updates every hidden matrix along the orthogonal factor of its momentum (Jordan et al. 2024), and all other or kept variables as
// AdamW does. Kernels [O,I,K,K] are matrices [O,I·K·K]. Updates are scaled to the usual size of Adam's (Liu et al. 2502.16982 eq. 4),
// so that one rate serves both. ClipNorm bounds AdamW's gradients only: an orthogonal update does not depend on the gradient's size.
type Muon struct {
	AdamW
	Kept []string // scopes whose variables AdamW updates, such as the first and the last layer
}

var _ Optimizer = Muon{}

const (
	momentum   = 0.95 // Nesterov's, of the gradients (Jordan et al. 2024)
	iterations = 5    // of Newton and Schulz
	updateSize = 0.2  // root mean square of Adam's updates as seen in practice
)

// keeps reports whether one of the kept scopes is on a variable's path.
func (o Muon) keeps(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool { return slices.Contains(o.Kept, part) })
}

// Update updates the variables against the gradient of the loss, as AdamW.Update does.
func (o Muon) Update(variables []*model.Variable, loss, coefficients *Node) *Node {
	grads := o.gradients(variables, loss)
	rate := Squeeze(Slice(coefficients, AxisElem(0)))

	var hidden, rest []*model.Variable
	var momenta, restGrads []*Node
	for i, v := range variables {
		if v.Shape().Rank() < 2 || v.Shape().Dim(0) < 2 || o.keeps(v.Path()) {
			rest, restGrads = append(rest, v), append(restGrads, grads[i])
			continue
		}
		m := ema(o.moment(loss.Graph(), v, "m"), grads[i], momentum, nil)
		nesterov := Add(MulScalar(m, momentum), MulScalar(grads[i], 1-momentum))
		hidden, momenta = append(hidden, v), append(momenta, Reshape(nesterov, v.Shape().Dim(0), -1))
	}
	for i, step := range orthogonalize(momenta) {
		v := hidden[i]
		longer := max(step.Shape().Dim(0), step.Shape().Dim(1))
		step = MulScalar(Reshape(step, v.Shape().Dimensions...), updateSize*math.Sqrt(float64(longer)))
		value := v.NodeValue(loss.Graph())
		if o.WeightDecay > 0 {
			step = Add(step, MulScalar(value, o.WeightDecay))
		}
		v.SetNodeValue(Sub(value, Mul(rate, step)))
	}
	if len(rest) > 0 {
		o.Apply(rest, restGrads, coefficients)
	}
	return globalNorm(grads)
}

// orthogonalize moves the singular values of matrices [M,N] near 1 by a quintic Newton–Schulz iteration (Jordan et al. 2024). Its
// coefficients favour speed: most singular values end between 0.7 and 1.2, which suffices for an update.
//
// Every iteration is x ← (a·I + R)·x with R = b·G + c·G², G = x·xᵀ and x of norm 1. All R are polynomials of the first G and commute, so
// that G and the product s·I + S of all factors are followed without x, those of all matrices with the same M at once. Where N is large
// that takes 4M²N operations in place of 20M²N.
func orthogonalize(matrices []*Node) []*Node {
	const a = 3.4445
	bySide, steps := map[int][]int{}, make([]*Node, len(matrices))
	wide := make([]*Node, len(matrices)) // M ≤ N
	for i, x := range matrices {
		x.AssertRank(2)
		if x.Shape().Dim(0) > x.Shape().Dim(1) {
			x = Transpose(x, 0, 1)
		}
		wide[i] = x
		bySide[x.Shape().Dim(0)] = append(bySide[x.Shape().Dim(0)], i)
	}
	for _, side := range slices.Sorted(maps.Keys(bySide)) {
		var grams []*Node
		for _, i := range bySide[side] {
			grams = append(grams, InsertAxes(EinsumAxes(wide[i], wide[i], [][2]int{{1, 1}}, nil), 0))
		}
		gram := Concatenate(grams, 0) // [K,M,M]
		norm := AddScalar(Sqrt(ReduceAndKeep(Mul(gram, InsertAxes(identity(gram.Graph(), side), 0)), ReduceSum, 1, 2)), 1e-7)
		gram = Div(gram, Mul(norm, norm))
		r := newtonSchulz(gram)
		s, sum := a, r // S
		for range iterations - 1 {
			rg := product(r, gram)
			gram = Add(Add(MulScalar(gram, a*a), MulScalar(rg, 2*a)), product(rg, r)) // (a·I + R)·G·(a·I + R)
			r = newtonSchulz(gram)
			sum = Add(Add(MulScalar(sum, a), MulScalar(r, s)), product(r, sum))
			s *= a
		}
		factor := Div(Add(sum, MulScalar(InsertAxes(identity(gram.Graph(), side), 0), s)), norm)
		for k, i := range bySide[side] {
			steps[i] = EinsumAxes(Squeeze(Slice(factor, AxisElem(k)), 0), wide[i], [][2]int{{1, 0}}, nil)
			if matrices[i].Shape().Dim(0) != side {
				steps[i] = Transpose(steps[i], 0, 1)
			}
		}
	}
	return steps
}

// newtonSchulz is R for G [K,M,M].
func newtonSchulz(gram *Node) *Node {
	const b, c = -4.7750, 2.0315
	return Add(MulScalar(gram, b), MulScalar(product(gram, gram), c))
}

// product multiplies matrices [K,M,M].
func product(x, y *Node) *Node { return EinsumAxes(x, y, [][2]int{{2, 1}}, [][2]int{{0, 0}}) }

func identity(g *Graph, side int) *Node {
	shape := shapes.Make(dtypes.Float32, side, side)
	return ConvertDType(Equal(Iota(g, shape, 0), Iota(g, shape, 1)), dtypes.Float32)
}
