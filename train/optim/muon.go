package optim

import (
	"math"
	"slices"
	"strings"

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

	var rest []*model.Variable
	var restGrads []*Node
	for i, v := range variables {
		if v.Shape().Rank() < 2 || v.Shape().Dim(0) < 2 || o.keeps(v.Path()) {
			rest, restGrads = append(rest, v), append(restGrads, grads[i])
			continue
		}
		m := ema(o.moment(loss.Graph(), v, "m"), grads[i], momentum, nil)
		nesterov := Add(MulScalar(m, momentum), MulScalar(grads[i], 1-momentum))
		rows := v.Shape().Dim(0)
		columns := v.Shape().Size() / rows
		step := orthogonalize(Reshape(nesterov, rows, columns))
		step = MulScalar(Reshape(step, v.Shape().Dimensions...), updateSize*math.Sqrt(float64(max(rows, columns))))
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

// orthogonalize moves the singular values of x [M,N] near 1 by a quintic Newton–Schulz iteration (Jordan et al. 2024). Its
// coefficients favour speed: most singular values end between 0.7 and 1.2, which suffices for an update.
func orthogonalize(x *Node) *Node {
	x.AssertRank(2)
	tall := x.Shape().Dim(0) > x.Shape().Dim(1)
	if tall {
		x = Transpose(x, 0, 1)
	}
	x = Div(x, AddScalar(Sqrt(ReduceAllSum(Mul(x, x))), 1e-7))
	if m, n := x.Shape().Dim(0), x.Shape().Dim(1); 2*n > 3*m {
		x = iterateGram(x)
	} else {
		x = iterate(x)
	}
	if tall {
		x = Transpose(x, 0, 1)
	}
	return x
}

// newtonA … newtonC are Jordan's: every iteration is x ← (a·I + R)·x with R = b·G + c·G² and G = x·xᵀ.
const newtonA, newtonB, newtonC = 3.4445, -4.7750, 2.0315

func product(x, y *Node) *Node { return EinsumAxes(x, y, [][2]int{{1, 0}}, nil) }

// rest is R for G [M,M].
func rest(gram *Node) *Node {
	return Add(MulScalar(gram, newtonB), MulScalar(product(gram, gram), newtonC))
}

// iterate takes 5·(4M²N + 2M³) operations for x [M,N].
func iterate(x *Node) *Node {
	for range iterations {
		x = Add(MulScalar(x, newtonA), product(rest(EinsumAxes(x, x, [][2]int{{1, 1}}, nil)), x))
	}
	return x
}

// iterateGram is iterate where N is large: 4M²N + 34M³ operations. All R are polynomials of the first G and commute, so that G and the
// product s·I + S of all factors can be followed without x.
func iterateGram(x *Node) *Node {
	const a = newtonA
	gram := EinsumAxes(x, x, [][2]int{{1, 1}}, nil)
	r := rest(gram)
	s, sum := a, r // S
	for range iterations - 1 {
		rg := product(r, gram)
		gram = Add(Add(MulScalar(gram, a*a), MulScalar(rg, 2*a)), product(rg, r)) // (a·I + R)·G·(a·I + R)
		r = rest(gram)
		sum = Add(Add(MulScalar(sum, a), MulScalar(r, s)), product(r, sum))
		s *= a
	}
	return Add(MulScalar(x, s), product(sum, x))
}
