package diffusion

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// Level is the noise level of each sample of a batch: t, α_t and σ_t, each [B].
type Level struct{ T, Alpha, Sigma *Node }

// LevelFrom splits the input [B,3] that Levels fills.
func LevelFrom(n *Node) Level {
	n.AssertRank(2)
	if n.Shape().Dim(1) != 3 {
		panic(fmt.Errorf("diffusion: level input has shape %s, want [B,3]", n.Shape()))
	}
	column := func(i int) *Node { return Reshape(Slice(n, AxisRange(), AxisRange(i, i+1)), n.Shape().Dim(0)) }
	return Level{T: column(0), Alpha: column(1), Sigma: column(2)}
}

// Levels returns (t, α_t, σ_t) of each time as a flat [B,3].
func Levels(s Schedule, t []float64) []float32 {
	flat := make([]float32, 0, 3*len(t))
	for _, t := range t {
		alpha, sigma := s.AlphaSigma(t)
		flat = append(flat, float32(t), float32(alpha), float32(sigma))
	}
	return flat
}

// Like returns the level as [B,1,…,1] of the rank and data type of x, ready to be multiplied with x [B,…].
func (l Level) Like(x *Node) Level {
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = x.Shape().Dim(0)
	like := func(n *Node) *Node { return ConvertDType(Reshape(n, dims...), x.DType()) }
	return Level{T: like(l.T), Alpha: like(l.Alpha), Sigma: like(l.Sigma)}
}

// ConcatLevel joins two batches of levels.
func ConcatLevel(a, b Level) Level {
	return Level{
		T:     Concatenate([]*Node{a.T, b.T}, 0),
		Alpha: Concatenate([]*Node{a.Alpha, b.Alpha}, 0),
		Sigma: Concatenate([]*Node{a.Sigma, b.Sigma}, 0),
	}
}
