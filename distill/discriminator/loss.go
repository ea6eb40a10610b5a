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

// GeneratorLoss is that of the config: ADD eq. 2, or E Σ_k softplus(−D_k) (Goodfellow et al. 1406.2661, the non-saturating loss).
func (c Config) GeneratorLoss(fake []*Node) *Node {
	if c.Softplus {
		return sumHeads(fake, func(d *Node) *Node { return ReduceAllMean(softplus(Neg(d))) })
	}
	return GeneratorLoss(fake)
}

// DiscriminatorLoss is that of the config: ADD eq. 3, or E Σ_k softplus(−D_k) on real and softplus(D_k) on generated pictures in place of
// the hinge. The best D is then the logarithm of the ratio of their densities.
func (c Config) DiscriminatorLoss(real, fake []*Node, r1 *Node, r1Weight float64) Loss {
	loss := DiscriminatorLoss(real, fake, r1, r1Weight)
	if c.Softplus {
		hinge := Add(loss.Real, loss.Fake)
		loss.Real, loss.Fake = c.GeneratorLoss(real), sumHeads(fake, func(d *Node) *Node { return ReduceAllMean(softplus(d)) })
		loss.Total = Add(Sub(loss.Total, hinge), Add(loss.Real, loss.Fake))
	}
	return loss
}

// softplus is ln(1 + eˣ), also where eˣ overflows.
func softplus(x *Node) *Node { return Add(MaxScalar(x, 0.0), Log1P(Exp(Neg(Abs(x))))) }

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
// R1 = E Σ_k ‖∇_{f_k} Σ_i D_k(f_k)_i‖², f_k = sg(F_k(x₀)), i over tokens: squares summed over tokens, channels and heads, mean over the batch.
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

// AUC is the area under the curve over pictures: the share of pairs of a real and a generated one whose logits, averaged over tokens and
// heads, are in order. It tells what accuracy over tokens hides: heads that are right on 6 tokens of 10 can tell every picture. counts [B]
// is 1 for the pictures that count and 0 for the others; where none does, AUC and gap are ½ and 0.
//
// gap is the mean logit of real pictures less that of generated ones.
func AUC(real, fake []*Node, counts *Node) (auc, gap *Node) {
	r, f := PictureLogits(real), PictureLogits(fake) // [B]
	g := counts.Graph()
	n := ReduceAllSum(counts)
	none := OneMinus(Sign(n)) // 1 where no picture counts
	d := Sub(InsertAxes(r, 1), InsertAxes(f, 0))
	ordered := MulScalar(OnePlus(Sign(d)), 0.5) // ties count half
	pairs := Mul(InsertAxes(counts, 1), InsertAxes(counts, 0))
	auc = Div(ReduceAllSum(Mul(pairs, ordered)), Add(Mul(n, n), none))
	auc = Add(auc, Mul(none, Scalar(g, counts.DType(), 0.5)))
	gap = Div(ReduceAllSum(Mul(counts, Sub(r, f))), Add(n, none))
	return StopGradient(auc), StopGradient(gap)
}

// PictureLogits are logits [B,T] of all heads, averaged over tokens and heads: [B].
func PictureLogits(heads []*Node) *Node {
	return DivScalar(sumHeads(heads, func(d *Node) *Node { return ReduceMean(d, 1) }), float64(len(heads)))
}
