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

func normalized(t *testing.T, x *tensors.Tensor, cfg Config) []float32 {
	t.Helper()
	c := x.Shape().Dimensions[2]
	return graphtest.Floats(evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{normalize(in[0], in[1], in[2], cfg)}
	}, x, filled(c, 1), make([]float32, c))[0])
}

func TestNormBatchStatisticsPerGroup(t *testing.T) {
	const tokens, c = 3, 4
	for _, test := range []struct {
		name         string
		batch, group int // group: what is normalised together
	}{
		{"two groups of eight", 16, 8},
		{"one group", 8, 8},
		{"small batch is one group", 4, 4},
		{"not divisible by eight: greatest common divisor", 12, 4},
		{"odd batch: each sample alone", 3, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := graphtest.Normals(1, test.batch, tokens, c)
			tensors.MustMutableFlatData(x, func(x []float32) {
				for i := range x { // every sample and channel elsewhere
					x[i] = x[i]*float32(1+i%c) + float32(i/(tokens*c))
				}
			})
			y := normalized(t, x, DefaultConfig())
			for g := range test.batch / test.group {
				for channel := range c {
					var sum, squares float64
					n := test.group * tokens
					for i := range n {
						v := float64(y[(g*n+i)*c+channel])
						sum += v
						squares += v * v
					}
					if mean, variance := sum/float64(n), squares/float64(n); math.Abs(mean) > 1e-4 || math.Abs(variance-1) > 1e-2 {
						t.Errorf("group %d channel %d: mean %g variance %g, want 0 and 1", g, channel, mean, variance)
					}
				}
			}
		})
	}
}

func TestNormBatchGroupsAreApart(t *testing.T) {
	// The second group of eight does not see the first.
	x := graphtest.Normals(1, 16, 2, 3)
	before := normalized(t, x, DefaultConfig())
	tensors.MustMutableFlatData(x, func(x []float32) { x[0] += 100 })
	after := normalized(t, x, DefaultConfig())
	half := len(before) / 2
	if diff := cmp.Diff(before[half:], after[half:]); diff != "" {
		t.Errorf("second group changed (-want +got):\n%s", diff)
	}
	if cmp.Equal(before[:half], after[:half]) {
		t.Error("first group did not change")
	}
}

func TestNormGroupIsPerSample(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Norm, cfg.NormChannels = NormGroup, 2
	const b, tokens, c = 3, 5, 4
	x := graphtest.Normals(2, b, tokens, c)
	all := normalized(t, x, cfg)
	for i := range b {
		one := tensors.FromFlatDataAndDimensions(graphtest.Floats(x)[i*tokens*c:][:tokens*c], 1, tokens, c)
		if diff := cmp.Diff(all[i*tokens*c:][:tokens*c], normalized(t, one, cfg), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("sample %d depends on the others (-want +got):\n%s", i, diff)
		}
		for group := range 2 {
			var sum float64
			for k := range tokens * 2 {
				sum += float64(all[i*tokens*c+k/2*c+group*2+k%2])
			}
			if math.Abs(sum) > 1e-4 {
				t.Errorf("sample %d group %d: sum %g, want 0", i, group, sum)
			}
		}
	}
}
