package discriminator

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// Of two pictures one is real three times of four and generated once, the other the other way round. The logistic loss is least where D
// is the logarithm of these ratios; the penalty is added as to the hinge.
func TestSoftplusTellsTheRatio(t *testing.T) {
	out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		a, b := in[0], in[1] // [1]
		rows := func(n ...*Node) []*Node { return []*Node{InsertAxes(Concatenate(n, 0), -1)} }
		loss := Config{Softplus: true}.DiscriminatorLoss(rows(a, a, a, b), rows(a, b, b, b), ReduceAllSum(in[2]), 2)
		return append(Gradient(loss.Total, a, b), Sub(loss.Total, Add(loss.Real, loss.Fake)))
	}, []float32{float32(math.Log(3))}, []float32{float32(-math.Log(3))}, []float32{5})
	var got []float32
	for _, o := range out {
		got = append(got, graphtest.Floats(o)[0])
	}
	if diff := cmp.Diff([]float32{0, 0, 10}, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Errorf("slopes and penalty (-want +got)\n%s", diff)
	}
}

// Far from 0 the loss is |D| or nothing, and finite.
func TestSoftplusOfLargeLogits(t *testing.T) {
	for logit, want := range map[float32]float32{0: float32(math.Ln2), 200: 0, -200: 200} {
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{Config{Softplus: true}.GeneratorLoss(in)}
		}, tensors.FromFlatDataAndDimensions([]float32{logit}, 1, 1))
		if got := graphtest.Floats(out[0])[0]; math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("D = %g: loss %g, want %g", logit, got, want)
		}
	}
}
