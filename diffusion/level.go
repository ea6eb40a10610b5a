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

// ConcatLevels joins batches of levels.
func ConcatLevels(levels ...Level) (all Level) {
	var t, alpha, sigma []*Node
	for _, l := range levels {
		t, alpha, sigma = append(t, l.T), append(alpha, l.Alpha), append(sigma, l.Sigma)
	}
	return Level{T: Concatenate(t, 0), Alpha: Concatenate(alpha, 0), Sigma: Concatenate(sigma, 0)}
}

// Cond is the condition of the network: Tokens [B,L,E] for cross-attention, Pooled [B,P]. A nil field is absent; the zero Cond
// is unconditional.
type Cond struct{ Tokens, Pooled *Node }

// ConcatConds joins batches of conditions, which must hold the same fields.
func ConcatConds(conds ...Cond) Cond {
	concat := func(name string, field func(Cond) *Node) *Node {
		var all []*Node
		for _, c := range conds {
			if n := field(c); n != nil {
				all = append(all, n)
			}
		}
		switch len(all) {
		case 0:
			return nil
		case len(conds):
			return Concatenate(all, 0)
		}
		panic(fmt.Errorf("diffusion: cond: %s is given in %d of %d conditions, want in all or none", name, len(all), len(conds)))
	}
	return Cond{
		Tokens: concat("tokens", func(c Cond) *Node { return c.Tokens }),
		Pooled: concat("pooled", func(c Cond) *Node { return c.Pooled }),
	}
}

// Map gives every field that is there to f.
func (c Cond) Map(f func(*Node) *Node) Cond {
	if c.Tokens != nil {
		c.Tokens = f(c.Tokens)
	}
	if c.Pooled != nil {
		c.Pooled = f(c.Pooled)
	}
	return c
}

// Expand repeats a condition of batch 1 to the given batch; a condition of that batch is returned as it is.
func (c Cond) Expand(batch int) Cond {
	return c.Map(func(n *Node) *Node {
		if n.Shape().Dim(0) == batch {
			return n
		}
		dims := append([]int{batch}, n.Shape().Dimensions[1:]...)
		return BroadcastToDims(n, dims...)
	})
}
