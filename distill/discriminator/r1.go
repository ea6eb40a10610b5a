package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

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
