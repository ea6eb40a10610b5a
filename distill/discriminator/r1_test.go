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

func TestR1OfLinearHeadIsSquaredWeight(t *testing.T) {
	const b, tokens, c = 3, 4, 5
	w := graphtest.Normals(2, c)
	out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		linear := func(f []*Node) []*Node { return []*Node{DotGeneral(f[0], []int{2}, nil, in[1], []int{0}, nil)} }
		_, r1 := penalized(linear, in[:1])
		return []*Node{r1}
	}, graphtest.Normals(1, b, tokens, c), w)
	var want float32
	for _, v := range graphtest.Floats(w) {
		want += tokens * v * v // Σ over tokens, mean over the batch
	}
	if diff := cmp.Diff([]float32{want}, graphtest.Floats(out[0]), cmpopts.EquateApprox(1e-5, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestR1IsTheSquaredGradientOfTheLogits(t *testing.T) {
	const b, tokens, c, e = 2, 3, 4, 3
	cfg := DefaultConfig()
	cfg.MapDim = 5
	store := widenedStore(t, testHeads(t, cfg, []int{c, c}, e))
	x0, x1, cond := widened(graphtest.Normals(1, b, tokens, c)), widened(graphtest.Normals(2, b, tokens, c)), widened(graphtest.Normals(3, b, e))
	call := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
		heads := Bind(scope, in[0].Graph(), cfg, false)
		sum := sumHeads(heads.Logits(in[:2], in[2]), ReduceAllSum)
		_, r1 := heads.LogitsR1(in[:2], in[2])
		return []*Node{sum, r1}
	})
	got := doubles(call(x0, x1, cond)[1])[0]

	var want float64
	const eps = 1e-6
	for _, x := range []*tensors.Tensor{x0, x1} {
		for i := range b * tokens * c {
			at := func(delta float64) float64 {
				tensors.MustMutableFlatData(x, func(x []float64) { x[i] += delta })
				return doubles(call(x0, x1, cond)[0])[0]
			}
			up, down := at(eps), at(-2*eps)
			at(eps)
			want += (up - down) * (up - down) / (4 * eps * eps) / b
		}
	}
	if math.Abs(got-want) > 1e-6*want {
		t.Errorf("R1 = %g, finite differences %g", got, want)
	}
}

// The gradient of the penalty is a second derivative through convolution, norm, LeakyReLU, projection and spectral norm.
func TestR1GradientOfWeights(t *testing.T) {
	for _, norm := range []string{NormBatch, NormGroup} {
		const b, tokens, c, e = 2, 3, 3, 2
		cfg := DefaultConfig()
		cfg.Norm, cfg.NormChannels, cfg.MapDim, cfg.Kernel = norm, 1, 3, 3
		store := widenedStore(t, testHeads(t, cfg, []int{c}, e))
		var weights []*model.Variable
		for v := range store.IterVariables() {
			if v.Trainable {
				weights = append(weights, v)
			}
		}
		x, cond := widened(graphtest.Normals(1, b, tokens, c)), widened(graphtest.Normals(2, b, e))
		call := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
			heads := Bind(scope, in[0].Graph(), cfg, false)
			_, r1 := heads.LogitsR1(in[:1], in[1])
			nodes := make([]*Node, len(weights))
			for i, v := range weights {
				nodes[i] = v.NodeValue(in[0])
			}
			return append([]*Node{r1}, Gradient(r1, nodes...)...)
		})
		gradients := call(x, cond)[1:]
		for i, v := range weights {
			dims := v.Shape().Dimensions
			f := func(w []float64) float64 {
				v.MustSetValue(tensors.FromFlatDataAndDimensions(append([]float64(nil), w...), dims...))
				return doubles(call(x, cond)[0])[0]
			}
			original := doubles(v.MustValue())
			checkGradient(t, norm+" "+v.Path(), f, append([]float64(nil), original...), doubles(gradients[i]))
			f(original)
		}
	}
}

// Tokens are detached: no derivative passes to the feature network.
func TestR1StopsAtTheTokens(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Text, cfg.Image = false, false
	store := testHeads(t, cfg, []int{4}, 0)
	out := evaluate(t, store, func(scope *model.Scope, in []*Node) []*Node {
		logits, r1 := Bind(scope, in[0].Graph(), cfg, true).LogitsR1([]*Node{Square(in[0])}, nil)
		loss := DiscriminatorLoss(logits, logits, r1, 1)
		return []*Node{Gradient(loss.Total, in[0])[0], r1}
	}, graphtest.Normals(1, 2, 3, 4))
	if diff := cmp.Diff(make([]float32, 2*3*4), graphtest.Floats(out[0])); diff != "" {
		t.Errorf("gradient at the features (-want +got):\n%s", diff)
	}
	if r1 := graphtest.Floats(out[1])[0]; r1 <= 0 {
		t.Errorf("R1 = %g, want > 0", r1)
	}
}
