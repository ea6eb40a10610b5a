package distill

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// The real picture weighs nothing where a student begins, even where the noise shows it, and α²/σ² elsewhere, at most 1:
// cot²(.75·π/2) at .75 of the cosine schedule.
func TestWeightOfTheRealPicture(t *testing.T) {
	weights := map[int]float32{}
	in := drawStep[hostInputs](tinyConfig(t, func(c *Config) {
		c.Times, c.SignalLeak, c.Batch, c.Reconstruct = []int{980, 750, 500, 250}, true, 8, .5
	}), 1)
	for i, weight := range graphtest.Floats(in.Reconstruct) {
		weights[int(1000*levels(in.Level)[i][0]+.5)] = weight
	}
	if diff := cmp.Diff(map[int]float32{980: 0, 750: .5 * .171573, 500: .5, 250: .5}, weights, cmpopts.EquateApprox(1e-4, 0)); diff != "" {
		t.Errorf("weights by time (-want +got):\n%s", diff)
	}
	if in := drawStep[hostInputs](tinyConfig(t), 1); in.Reconstruct != nil {
		t.Error("the default has weights of the real picture, want none")
	}
}
