package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Spectral normalisation (Miyato et al. 2018, arXiv 1802.05957): W/σ(W), with σ followed by power iteration.
// A weight [O,I,K] is the matrix [O, I·K].

// spectralNorm returns weight/σ, σ = uᵀWv, where u [O] is kept between steps and v = Wᵀu/‖Wᵀu‖. Both are constants for the gradient.
// With update, u takes one step of power iteration first, u ← Wv/‖Wv‖, and keeps it.
func spectralNorm(weight *Node, u *model.Variable, update bool) *Node {
	dims := weight.Shape().Dimensions
	w := Reshape(weight, dims[0], -1)
	fixed := StopGradient(w)

	left := StopGradient(u.NodeValue(weight))
	right := unit(DotProduct(left, fixed)) // [I·K]
	wv := DotProduct(fixed, right)         // [O]
	if update {
		left = unit(wv)
		u.SetNodeValue(left)
	}
	sigma := DotProduct(StopGradient(left), DotProduct(w, StopGradient(right)))
	return Div(weight, sigma)
}

// unit is x/‖x‖.
func unit(x *Node) *Node {
	return Div(x, MaxScalar(Sqrt(ReduceAllSum(Square(x))), 1e-12))
}
