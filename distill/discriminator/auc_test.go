package discriminator

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
)

// Two heads of two tokens, by hand: pictures' means are 2, 0, −1 of real and 1, −2, 0 of generated ones.
func TestAUCIsOverPictures(t *testing.T) {
	real := [][][]float32{{{3, 1}, {1, -1}, {-1, -1}}, {{2, 2}, {0, 0}, {-2, 0}}}
	fake := [][][]float32{{{1, 1}, {-1, -3}, {4, -4}}, {{0, 2}, {-2, -2}, {1, -1}}}
	for _, c := range []struct {
		name     string
		counts   []float32
		auc, gap float64
	}{
		{"all", []float32{1, 1, 1}, (3 + 1.5 + 1) / 9., (1 + 2 - 1) / 3.}, // 2 beats all, 0 beats one and ties one, −1 beats one
		{"one alone", []float32{1, 0, 0}, 1, 1},
		{"the others", []float32{0, 1, 1}, (1.5 + 1) / 4, .5},
		{"none", []float32{0, 0, 0}, .5, 0},
	} {
		out := graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
			auc, gap := AUC(in[:2], in[2:4], in[4])
			return []*Node{auc, gap}
		}, real[0], real[1], fake[0], fake[1], c.counts)
		auc, gap := float64(tensors.ToScalar[float32](out[0])), float64(tensors.ToScalar[float32](out[1]))
		if math.Abs(auc-c.auc) > 1e-6 || math.Abs(gap-c.gap) > 1e-6 {
			t.Errorf("%s: AUC %g, gap %g, want %g and %g", c.name, auc, gap, c.auc, c.gap)
		}
	}
}
