package distill

import . "github.com/gomlx/gomlx/core/graph"

// lastRows are the last count rows of a batch. With Config.Pure those begin at the first time.
type lastRows struct{ batch, count int }

// of returns those rows of x [B,…].
func (r lastRows) of(x *Node) *Node {
	if r.count == r.batch {
		return x
	}
	return Slice(x, AxisRange(r.batch-r.count, r.batch))
}

// padded gives a gradient at those rows zeros for the others.
func (r lastRows) padded(gradient *Node) *Node {
	if r.count == r.batch {
		return gradient
	}
	zeros := gradient.Shape().Clone()
	zeros.Dimensions[0] = r.batch - r.count
	return Concatenate([]*Node{Zeros(gradient.Graph(), zeros), gradient}, 0)
}
