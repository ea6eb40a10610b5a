package diffusion

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Denoiser is Denoise as a graph: the perfect teacher of the toy world, xt is [B,2].
//
// cond.Pooled [B,K], where given, replaces the K weights: a one-hot row conditions on one component. Keep t away from 0 if
// a component is a point mass.
func (m Mixture) Denoiser() Denoiser {
	// B batch, K components.
	return func(xt *Node, level Level, cond Cond) *Node {
		xt.AssertDims(-1, 2)
		row := func(f func(Component) float64) *Node { // [1,K]
			values := make([]float64, len(m))
			for k, c := range m {
				values[k] = f(c)
			}
			return ConvertDType(Const(xt.Graph(), [][]float64{values}), xt.DType())
		}
		meanX := row(func(c Component) float64 { return c.Mean[0] })
		meanY := row(func(c Component) float64 { return c.Mean[1] })
		covXX := row(func(c Component) float64 { return c.Cov[0] })
		covXY := row(func(c Component) float64 { return c.Cov[1] })
		covYY := row(func(c Component) float64 { return c.Cov[2] })
		weight := row(func(c Component) float64 { return c.Weight })
		if cond.Pooled != nil {
			weight = ConvertDType(cond.Pooled, xt.DType())
		}

		// The diffused covariance α² Σ + σ² I and its determinant, [B,K].
		l := level.Like(xt) // [B,1]
		alpha2, sigma2 := Square(l.Alpha), Square(l.Sigma)
		xx := Add(Mul(alpha2, covXX), sigma2)
		xy := Mul(alpha2, covXY)
		yy := Add(Mul(alpha2, covYY), sigma2)
		det := Sub(Mul(xx, yy), Square(xy))

		// (α² Σ + σ² I)⁻¹ (x − α μ), [B,K].
		dx := Sub(Slice(xt, AxisRange(), AxisRange(0, 1)), Mul(l.Alpha, meanX))
		dy := Sub(Slice(xt, AxisRange(), AxisRange(1, 2)), Mul(l.Alpha, meanY))
		u := Div(Sub(Mul(yy, dx), Mul(xy, dy)), det)
		v := Div(Sub(Mul(xx, dy), Mul(xy, dx)), det)

		// Posterior probabilities, [B,K].
		logp := MulScalar(Add(Add(Mul(u, dx), Mul(v, dy)), Log(det)), -0.5)
		p := Softmax(Add(logp, Log(MaxScalar(weight, 1e-30))), -1)

		// Posterior means, averaged, [B,2].
		x0 := Add(meanX, Mul(l.Alpha, Add(Mul(covXX, u), Mul(covXY, v))))
		y0 := Add(meanY, Mul(l.Alpha, Add(Mul(covXY, u), Mul(covYY, v))))
		mean := func(n *Node) *Node { return InsertAxes(ReduceSum(Mul(p, n), -1), -1) }
		return Concatenate([]*Node{mean(x0), mean(y0)}, -1)
	}
}
