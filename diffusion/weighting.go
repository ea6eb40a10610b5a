package diffusion

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
)

// Weighting names c(t) of ADD's distillation loss c(t)·‖x̂_θ − x̂_ψ‖² (ADD eq. 4).
type Weighting string

const (
	// Exponential is c(t) = α_t: noisier levels count less (ADD §3.3). The gradient in x̂_θ is 2σ_t(ε̂_ψ − ε′).
	Exponential Weighting = "exp"
	// SDS is c(t) = α_t/(2σ_t)·w(t) with w = 1, which makes the gradient the score distillation ε̂_ψ − ε′ (ADD §3.3,
	// DreamFusion eq. 3). It grows without bound toward t = 0: draw t away from there.
	SDS Weighting = "sds"
	// NFSD has the c(t) of SDS and a target of its own, NFSDTarget (ADD §3.3).
	NFSD Weighting = "nfsd"
)

var weightings = []Weighting{Exponential, SDS, NFSD}

// Validate reports whether the weighting is known.
func (w Weighting) Validate() error {
	if !slices.Contains(weightings, w) {
		return fmt.Errorf("diffusion: weighting = %q, want one of %q", w, weightings)
	}
	return nil
}

// C returns c(t) from α_t and σ_t.
func (w Weighting) C(alpha, sigma float64) float64 {
	if w == Exponential {
		return alpha
	}
	return alpha / (2 * max(sigma, sigmaFloor))
}

const (
	nfsdNegativeFrom = 0.2  // t from which the negative prompt is used: 200 of 1000 (NFSD §4)
	nfsdAlphaFloor   = 1e-3 // bounds σ_t/α_t at pure noise, where c(t) is 0
)

// NFSDTarget is noise-free score distillation written as a target for x̂_θ (NFSD §4, ADD §3.3):
//
//	x̂_θ − (σ_t/α_t)(δ_D + g δ_C),  δ_C = ε̂(y) − ε̂(∅),  δ_D = ε̂(∅) − [t ≥ 0.2] ε̂(p_neg)
//
// with x0 = x̂_θ, the student's output, and the teacher's noise predictions at its diffused version, conditioned on the caption
// (cond), nothing (null), and the negative prompt (neg). With c(t) = α_t/(2σ_t) the gradient in x̂_θ is δ_D + g δ_C. The target is
// a constant: no gradient passes.
func NFSDTarget(x0, cond, null, neg *Node, level Level, g float64) *Node {
	l := level.Like(x0)
	useNeg := ConvertDType(GreaterOrEqual(l.T, ConstAs(l.T, nfsdNegativeFrom)), x0.DType()) // [B,1,…]
	deltaC := Sub(cond, null)
	deltaD := Sub(null, Mul(useNeg, neg))
	ratio := Div(l.Sigma, MaxScalar(l.Alpha, nfsdAlphaFloor))
	return StopGradient(Sub(x0, Mul(ratio, Add(deltaD, MulScalar(deltaC, g)))))
}
