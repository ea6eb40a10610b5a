package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

func TestViewGradient(t *testing.T) {
	const b, size = 2, 5
	cfg := DefaultConfig()
	img, weight := widened(graphtest.Normals(4, b, size, size, 3)), widened(graphtest.Normals(5, b, size, size, 3))
	params := widened(tensors.FromFlatDataAndDimensions(DrawView(rng.New(2, "view", 0), cfg, b, size), b, AugmentParams))
	call := compiled(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		y := ReduceAllSum(Mul(View(in[0], in[1], cfg), in[2]))
		return []*Node{y, Gradient(y, in[0])[0]}
	})
	gradient := doubles(call(img, params, weight)[1])
	f := func(x []float64) float64 {
		return doubles(call(tensors.FromFlatDataAndDimensions(x, b, size, size, 3), params, weight)[0])[0]
	}
	checkGradient(t, "img", f, doubles(img), gradient)
}

func TestViewOffIsIdentity(t *testing.T) {
	const b, size = 2, 6
	cfg := DefaultConfig()
	cfg.Augment = false
	img := graphtest.Normals(6, b, size, size, 3)
	params := tensors.FromFlatDataAndDimensions(DrawView(rng.New(2, "view", 0), cfg, b, size), b, AugmentParams)
	for _, augment := range []bool{false, true} { // drawn without augmentation, the parameters are the identity's
		cfg.Augment = augment
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{MulScalar(View(in[0], in[1], cfg), 1.0)}
		}, img, params)
		if diff := cmp.Diff(graphtest.Floats(img), graphtest.Floats(out[0])); diff != "" {
			t.Errorf("augment %v (-want +got):\n%s", augment, diff)
		}
	}
}
