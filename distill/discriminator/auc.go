package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// AUC is the area under the curve over pictures: the share of pairs of a real and a generated one whose logits, averaged over tokens and
// heads, are in order. It tells what accuracy over tokens hides: heads that are right on 6 tokens of 10 can tell every picture. counts [B]
// is 1 for the pictures that count and 0 for the others; where none does, AUC and gap are ½ and 0.
//
// gap is the mean logit of real pictures less that of generated ones.
func AUC(real, fake []*Node, counts *Node) (auc, gap *Node) {
	r, f := pictureLogits(real), pictureLogits(fake) // [B]
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

// pictureLogits are logits [B,T] of all heads, averaged over tokens and heads: [B].
func pictureLogits(heads []*Node) *Node {
	return DivScalar(sumHeads(heads, func(d *Node) *Node { return ReduceMean(d, 1) }), float64(len(heads)))
}
