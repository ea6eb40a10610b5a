package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

const normEpsilon = 1e-5

// normalize gives x [B,T,C] zero mean and unit variance within each group of cfg.Norm, then a learned scale and bias [C] per channel.
// There are no running statistics: a batch is always normalised by itself.
func normalize(x, scale, bias *Node, cfg Config) *Node {
	dims := x.Shape().Dimensions
	b, t, c := dims[0], dims[1], dims[2]
	switch cfg.Norm {
	case NormBatch:
		group := gcd(b, cfg.NormGroup)
		x = standardize(Reshape(x, b/group, group*t, c), 1)
	case NormGroup:
		groups := gcd(c, cfg.NormChannels)
		x = standardize(Reshape(x, b, t, groups, c/groups), 1, 3)
	}
	return Add(Mul(Reshape(x, b, t, c), Reshape(scale, 1, 1, c)), Reshape(bias, 1, 1, c))
}

// standardize subtracts the mean over axes and divides by the standard deviation.
// Division by a square root, since Rsqrt has no gradient; all steps have second derivatives, which R1 needs.
func standardize(x *Node, axes ...int) *Node {
	x = Sub(x, ReduceAndKeep(x, ReduceMean, axes...))
	variance := ReduceAndKeep(Square(x), ReduceMean, axes...)
	return Mul(x, Reciprocal(Sqrt(AddScalar(variance, normEpsilon))))
}

// gcd is the largest group size that divides n and want.
func gcd(n, want int) int {
	for want != 0 {
		n, want = want, n%want
	}
	return n
}
