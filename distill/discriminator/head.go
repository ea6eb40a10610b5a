package discriminator

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// B batch, T tokens, C channels of the tap, E condition, M channels of the projection.

// head is one discriminator head within a graph: the variables read, convolutions already divided by their spectral norm.
type head struct {
	cfg        Config
	point      *Node // [C,C,1]
	pointScale *Node // [C]
	pointBias  *Node
	ring       *Node // [C,C,K]
	ringScale  *Node // [C]
	ringBias   *Node
	out        *Node // [M,C,1]
	outBias    *Node // [M]
	condWeight *Node // [M,E], nil when unconditional
	condBias   *Node // [M]
}

// logits judges every token: tokens [B,T,C], cond [B,E] or nil → [B,T].
func (h *head) logits(tokens, cond *Node) *Node {
	x := h.block(tokens, h.point, h.pointScale, h.pointBias)
	x = MulScalar(Add(h.block(x, h.ring, h.ringScale, h.ringBias), x), math.Sqrt2/2)
	if h.condWeight == nil {
		y := Add(circularConv(x, h.out), Reshape(h.outBias, 1, 1, -1)) // [B,T,1]
		return Squeeze(y, 2)
	}

	// Projection (Miyato & Koyama 2018, arXiv 1802.05637): ⟨cls, cmap⟩/√M with cls = W·x + b.
	// cmap is the same for all tokens: ⟨W·x + b, cmap⟩ = ⟨x, Wᵀcmap⟩ + ⟨b, cmap⟩ needs no tensor [B,T,M].
	cmap := Add(DotGeneral(cond, []int{1}, nil, h.condWeight, []int{1}, nil), Reshape(h.condBias, 1, -1)) // [B,M]
	cmap = MulScalar(cmap, 1/math.Sqrt(float64(cmap.Shape().Dimensions[1])))
	direction := DotGeneral(cmap, []int{1}, nil, Squeeze(h.out, 2), []int{0}, nil) // [B,C]
	logits := DotGeneral(x, []int{2}, []int{0}, direction, []int{1}, []int{0})     // [B,T]
	return Add(logits, ReduceAndKeep(Mul(cmap, Reshape(h.outBias, 1, -1)), ReduceSum, 1))
}

// block is convolution, norm, LeakyReLU 0.2: [B,T,C] → [B,T,C].
func (h *head) block(x, weight, scale, bias *Node) *Node {
	return leakyReLU(normalize(circularConv(x, weight), scale, bias, h.cfg))
}

// leakyReLU is x for x > 0 and 0.2·x elsewhere. The slope is a constant for the gradient, which keeps second derivatives short.
func leakyReLU(x *Node) *Node {
	g, dtype := x.Graph(), x.DType()
	slope := Where(GreaterThan(x, ScalarZero(g, dtype)), ScalarOne(g, dtype), Scalar(g, dtype, 0.2))
	return Mul(x, StopGradient(slope))
}
