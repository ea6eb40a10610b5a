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

func TestTokensAddCLS(t *testing.T) {
	tap := tensors.FromValue([][][]float32{{{10, 20}, {1, 2}, {3, 4}}, {{-1, 1}, {0, 0}, {5, 5}}})
	out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Tokens(in[0])} }, tap)
	want := [][][]float32{{{11, 22}, {13, 24}}, {{-1, 1}, {4, 6}}}
	if diff := cmp.Diff(want, out[0].Value()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFeaturesOfEveryTap(t *testing.T) {
	const b, size = 2, 4
	cfg := DefaultConfig()
	// A frozen network that only cuts the picture: two taps, the rows of pixels as tokens.
	net := func(img *Node) []*Node {
		img.AssertDims(b, size, size, 3)
		rows := Reshape(img, b, size, size*3)
		return []*Node{rows, MulScalar(rows, 2.0)}
	}
	params := tensors.FromFlatDataAndDimensions(DrawView(rng.New(1, "view", 0), cfg, b, size), b, AugmentParams)
	out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		return Features(net, in[0], in[1], cfg)
	}, graphtest.Normals(1, b, size, size, 3), params)
	if len(out) != 2 {
		t.Fatalf("%d taps, want 2", len(out))
	}
	for k := range out {
		if diff := cmp.Diff([]int{b, size - 1, size * 3}, out[k].Shape().Dimensions); diff != "" {
			t.Errorf("tap %d (-want +got):\n%s", k, diff)
		}
	}
}
