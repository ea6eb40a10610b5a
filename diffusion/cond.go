package diffusion

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// Cond is the condition of the network: Tokens [B,L,E] for cross-attention, Pooled [B,P]. A nil field is absent; the zero Cond
// is unconditional.
type Cond struct{ Tokens, Pooled *Node }

// ConcatCond joins two batches of conditions, which must hold the same fields.
func ConcatCond(a, b Cond) Cond {
	concat := func(field string, a, b *Node) *Node {
		switch {
		case a == nil && b == nil:
			return nil
		case a == nil || b == nil:
			panic(fmt.Errorf("diffusion: cond: %s is given in one of two conditions, want in both or neither", field))
		}
		return Concatenate([]*Node{a, b}, 0)
	}
	return Cond{Tokens: concat("tokens", a.Tokens, b.Tokens), Pooled: concat("pooled", a.Pooled, b.Pooled)}
}

// Expand repeats a condition of batch 1 to the given batch; a condition of that batch is returned as it is.
func (c Cond) Expand(batch int) Cond {
	expand := func(n *Node) *Node {
		if n == nil || n.Shape().Dim(0) == batch {
			return n
		}
		dims := append([]int{batch}, n.Shape().Dimensions[1:]...)
		return BroadcastToDims(n, dims...)
	}
	return Cond{Tokens: expand(c.Tokens), Pooled: expand(c.Pooled)}
}
