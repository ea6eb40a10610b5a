package extractor

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
)

// Outside of scenes the logits are those of the attribute of most classes: what the picture is of.
func TestThemeIsTheAttributeOfMostClasses(t *testing.T) {
	logits := []any{[][]float32{{1, 2}}, [][]float32{{3, 4, 5, 6}}, [][]float32{{7, 8, 9}}}
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		chosen := []*Node{MulScalar(theme(in, []int{2, 4, 3}), 1)}
		for _, l := range in { // the engine wants every input used
			chosen = append(chosen, MulScalar(l, 2))
		}
		return chosen
	}, logits...)
	if diff := cmp.Diff([]float32{3, 4, 5, 6}, tensors.MustCopyFlatData[float32](out[0])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
