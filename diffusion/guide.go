package diffusion

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Guide returns the guided denoiser x̂_u + w (x̂_c − x̂_u) (CFG eq. 6, with its 1+w written as w). x̂_c is conditioned on cond,
// x̂_u on null. In x̂₀, ε̂ or v̂ it is the same formula, since each is affine in the others at a given x_t.
//
// scale is w, a scalar or [B]: 0 is unconditional, 1 conditional. null may have batch 1. Both predictions come from one
// doubled batch.
func Guide(d Denoiser, scale *Node, null Cond) Denoiser {
	return func(xt *Node, level Level, cond Cond) *Node {
		batch := xt.Shape().Dim(0)
		both := d(
			Concatenate([]*Node{xt, xt}, 0),
			ConcatLevel(level, level),
			ConcatCond(null.Expand(batch), cond.Expand(batch)))
		uncond := Slice(both, AxisRange(0, batch))
		diff := Sub(Slice(both, AxisRange(batch, 2*batch)), uncond)

		w := scale
		if !w.IsScalar() {
			dims := make([]int, xt.Rank())
			for i := range dims {
				dims[i] = 1
			}
			dims[0] = batch
			w = Reshape(w, dims...)
		}
		return Add(uncond, Mul(ConvertDType(w, xt.DType()), diff))
	}
}
