package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

func TestHinge(t *testing.T) {
	type numbers struct {
		Total, Real, Fake, RealAccuracy, FakeAccuracy, RealLogit, FakeLogit, Generator float32
	}
	for _, test := range []struct {
		name       string
		real, fake []float32 // one row of tokens, one head
		want       numbers
	}{
		{"undecided", []float32{0, 0}, []float32{0, 0}, numbers{2, 1, 1, 0, 0, 0, 0, 0}},
		{"at the margin", []float32{1, 1}, []float32{-1, -1}, numbers{0, 0, 0, 1, 1, 1, -1, 1}},
		{"beyond the margin is not rewarded", []float32{5, 9}, []float32{-3, -7}, numbers{0, 0, 0, 1, 1, 7, -5, 5}},
		{"fooled", []float32{-2, -2}, []float32{2, 4}, numbers{7, 3, 4, 0, 0, -2, 3, -3}},
		{"half right", []float32{1, -1}, []float32{-1, 1}, numbers{2, 1, 1, .5, .5, 0, 0, 0}},
	} {
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			l := DiscriminatorLoss(in[:1], in[1:], nil, 1)
			return []*Node{l.Total, l.Real, l.Fake, l.RealAccuracy, l.FakeAccuracy, l.RealLogit, l.FakeLogit, GeneratorLoss(in[1:])}
		}, tensors.FromFlatDataAndDimensions(test.real, 1, 2), tensors.FromFlatDataAndDimensions(test.fake, 1, 2))
		v := make([]float32, len(out))
		for i := range out {
			v[i] = graphtest.Floats(out[i])[0]
		}
		got := numbers{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]}
		if diff := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestLossSumsHeadsAndMeansTokens(t *testing.T) {
	// Heads with different numbers of tokens weigh the same; accuracy and logits are means over heads.
	real := []any{tensors.FromValue([][]float32{{0, 0, 0}}), tensors.FromValue([][]float32{{3}})}
	fake := []any{tensors.FromValue([][]float32{{0, 0, 0}}), tensors.FromValue([][]float32{{2}})}
	out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		l := DiscriminatorLoss(in[:2], in[2:4], in[4], 0.5)
		return []*Node{l.Real, l.Fake, l.Total, l.RealAccuracy, l.RealLogit, GeneratorLoss(in[2:4])}
	}, append(append(real, fake...), float32(6))...)
	var got []float32
	for _, o := range out {
		got = append(got, graphtest.Floats(o)[0])
	}
	if diff := cmp.Diff([]float32{1, 1 + 3, 5 + 3, .5, 1.5, -2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Plain gradient steps: the student's step raises the logits of what it makes, the discriminator's step parts real from fake.
func TestStepsMoveLogits(t *testing.T) {
	const b, tokens, c, e = 8, 4, 6, 3
	cfg := DefaultConfig()
	cfg.MapDim = 8
	store := testHeads(t, cfg, []int{c, c}, e)

	student := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
		logits := func(x *Node) []*Node { return Bind(scope, x.Graph(), cfg, false).Logits([]*Node{x, x}, in[1]) }
		loss := GeneratorLoss(logits(in[0]))
		moved := Sub(in[0], Gradient(loss, in[0])[0])
		return []*Node{loss, GeneratorLoss(logits(moved))}
	})
	fake, cond := graphtest.Normals(1, b, tokens, c), graphtest.Normals(2, b, e)
	out := student(fake, cond)
	if before, after := graphtest.Floats(out[0])[0], graphtest.Floats(out[1])[0]; after >= before {
		t.Errorf("generator loss %g after a step, %g before", after, before)
	}

	real := graphtest.Normals(3, b, tokens, c)
	tensors.MustMutableFlatData(real, func(x []float32) { // the difference: channel 0 holds two peaks
		for i := 0; i < len(x); i += c {
			if x[i] > 0 {
				x[i] = 1
			} else {
				x[i] = -1
			}
		}
	})
	step := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
		heads := Bind(scope, in[0].Graph(), cfg, true)
		realLogits, r1 := heads.LogitsR1([]*Node{in[0], in[0]}, in[2])
		loss := DiscriminatorLoss(realLogits, heads.Logits([]*Node{in[1], in[1]}, in[2]), r1, cfg.R1Weight)
		var weights []*model.Variable
		var nodes []*Node
		for v := range scope.IterVariables() {
			if v.Trainable {
				weights = append(weights, v)
				nodes = append(nodes, v.NodeValue(in[0]))
			}
		}
		for i, grad := range Gradient(loss.Total, nodes...) {
			weights[i].SetNodeValue(Sub(nodes[i], MulScalar(grad, 0.1)))
		}
		return []*Node{loss.Total, loss.RealAccuracy, loss.FakeAccuracy}
	})
	first := graphtest.Floats(step(real, fake, cond)[0])[0]
	var last []*tensors.Tensor
	for range 100 {
		last = step(real, fake, cond)
	}
	if loss := graphtest.Floats(last[0])[0]; loss > 0.7*first {
		t.Errorf("discriminator loss %g after 100 steps, %g before", loss, first)
	}
	for i, name := range []string{"real", "fake"} {
		if accuracy := graphtest.Floats(last[1+i])[0]; accuracy < 0.7 {
			t.Errorf("accuracy on %s = %g after 100 steps", name, accuracy)
		}
	}
}
