package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Losses take one [B,T] of logits per head: mean over batch and tokens, sum over heads.

// GeneratorLoss is L_adv^G = −E Σ_k D_k(F_k(x̂)) (ADD eq. 2).
func GeneratorLoss(fake []*Node) *Node {
	return Neg(sumHeads(fake, ReduceAllMean))
}

// Loss is the discriminator's loss with its parts and what tells its health.
type Loss struct {
	Total *Node // Real + Fake + weight·R1
	Real  *Node // E Σ_k max(0, 1 − D_k) on real pictures
	Fake  *Node // E Σ_k max(0, 1 + D_k) on generated ones
	R1    *Node // unweighted penalty; nil where none was asked for

	RealAccuracy, FakeAccuracy *Node // share of tokens with D > 0 on real, D < 0 on generated pictures, mean over heads
	RealLogit, FakeLogit       *Node // mean logit, mean over heads
}

// DiscriminatorLoss is L_adv^D (ADD eq. 3) on the logits of real and generated pictures. r1 may be nil: no penalty.
func DiscriminatorLoss(real, fake []*Node, r1 *Node, r1Weight float64) Loss {
	heads := float64(len(real))
	loss := Loss{
		Real: sumHeads(real, func(d *Node) *Node { return ReduceAllMean(MaxScalar(OneMinus(d), 0.0)) }),
		Fake: sumHeads(fake, func(d *Node) *Node { return ReduceAllMean(MaxScalar(OnePlus(d), 0.0)) }),
		R1:   r1,

		RealAccuracy: DivScalar(sumHeads(real, func(d *Node) *Node { return share(IsPositive(d), d) }), heads),
		FakeAccuracy: DivScalar(sumHeads(fake, func(d *Node) *Node { return share(IsNegative(d), d) }), heads),
		RealLogit:    DivScalar(sumHeads(real, ReduceAllMean), heads),
		FakeLogit:    DivScalar(sumHeads(fake, ReduceAllMean), heads),
	}
	loss.Total = Add(loss.Real, loss.Fake)
	if r1 != nil {
		loss.Total = Add(loss.Total, MulScalar(r1, r1Weight))
	}
	return loss
}

func share(condition, like *Node) *Node {
	return ReduceAllMean(ConvertDType(condition, like.DType()))
}

func sumHeads(logits []*Node, number func(*Node) *Node) *Node {
	sum := number(logits[0])
	for _, d := range logits[1:] {
		sum = Add(sum, number(d))
	}
	return sum
}

// LogitsR1 judges a batch of real pictures and gives, from the same pass, the penalty of ADD eq. 3 at the inputs of the heads,
// R1 = E Σ_k ‖∇_{f_k} Σ D_k(f_k)‖², f_k = sg(F_k(x₀)): squares summed over tokens, channels and heads, mean over the batch.
func (h *Heads) LogitsR1(tokens []*Node, cond *Node) (logits []*Node, r1 *Node) {
	return penalized(func(f []*Node) []*Node { return h.Logits(f, cond) }, tokens)
}

// penalized runs judge on detached tokens and adds the squared gradients of its logits. The logits are differentiated and not the hinge
// loss, whose penalty would vanish where the hinge is inactive.
func penalized(judge func(f []*Node) []*Node, tokens []*Node) (logits []*Node, r1 *Node) {
	f := make([]*Node, len(tokens))
	for k, x := range tokens {
		f[k] = Identity(StopGradient(x))
	}
	logits = judge(f)

	// Head k sees tap k only, so that one gradient of the sum over all heads holds each ∇_{f_k}.
	gradients := Gradient(sumHeads(logits, ReduceAllSum), f...)
	squares := sumHeads(gradients, func(grad *Node) *Node { return ReduceAllSum(Square(grad)) })
	return logits, DivScalar(squares, float64(tokens[0].Shape().Dimensions[0]))
}
