package network

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// readExtractor reads what testdata/extractors.py wrote; weights as in filled.py.
func readExtractor(t *testing.T, name string) reference {
	t.Helper()
	return readReferenceOf(t, "testdata/extractors.json", name)
}

func TestInceptionEqualsTorchFidelity(t *testing.T) {
	x := values(2*75*75*3, 1001)
	for i, v := range x { // bytes, as torch-fidelity takes them
		x[i] = (math.Floor((v+1)*128) - 128) / 128
	}
	readExtractor(t, "inception").check(t, []string{"2048", "logits_unbiased"}, func(scope *model.Scope, in []*Node) []*Node {
		features, logits := Inception(scope, in[0])
		return []*Node{features, logits}
	}, tensors.FromFlatDataAndDimensions(narrow(x), 2, 75, 75, 3))
}

func TestCLIPVisionEqualsTransformers(t *testing.T) {
	for name, quick := range map[string]bool{"clip-gelu": false, "clip-quick-gelu": true} {
		t.Run(name, func(t *testing.T) {
			cfg := CLIPVisionConfig{ImageSize: 12, Patch: 4, Width: 16, MLP: 40, Layers: 2, Heads: 2, Projection: 12, QuickGELU: quick}
			readExtractor(t, name).check(t, []string{"embedding"}, func(scope *model.Scope, in []*Node) []*Node {
				return []*Node{CLIPVision(scope, cfg, in[0])}
			}, input(1001, 2, 12, 12, 3))
		})
	}
}

// The positions of a 5×5 grid are interpolated to 4×4 patches.
func TestDINOv2EqualsTransformers(t *testing.T) {
	cfg := ViTConfig{ImageSize: 8, Patch: 2, Width: 16, Depth: 2, Heads: 2, Stem: "patch", LayerScale: true, KeyBias: true, Grid: 5}
	readExtractor(t, "dinov2").check(t, []string{"tokens"}, func(scope *model.Scope, in []*Node) []*Node {
		none := Zeros(in[0].Graph(), in[0].Shape())
		none = ReduceSum(Reshape(none, 2, 16, 12), -1) // no patch is masked, but the weights have the token
		return []*Node{ViT(scope, cfg, in[0], none).Tokens}
	}, input(1001, 2, 8, 8, 3))
}

func TestInterpolationOfPositionsKeepsConstants(t *testing.T) {
	for _, n := range []int{4, 16, 24, 36} {
		for i, row := range cubicMatrix(37, n) {
			sum := 0.0
			for _, w := range row {
				sum += float64(w)
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Errorf("37 → %d: weights of row %d sum to %v, want 1", n, i, sum)
			}
		}
	}
}

func TestLookingUpEqualsMultiplyingWithOneHot(t *testing.T) {
	const v, e = 5000, 3 // more words than are multiplied
	table := values(v*e, 1)
	out := run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{embed(in[0], in[1])} },
		ids([]int32{0, 4999, 7}), tensors.FromFlatDataAndDimensions(narrow(table), v, e))
	var want []float64
	for _, id := range []int{0, 4999, 7} {
		want = append(want, table[id*e:(id+1)*e]...)
	}
	equal(t, "rows", narrow(want), out[0], 0)
}
