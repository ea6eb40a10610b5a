package discriminator

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Heads are told times by waves: t = ½ is a quarter turn of the slowest, t = 1 a half.
func TestConditionTellsTimes(t *testing.T) {
	half, whole := []float32{0, -1, 1, 1, 1, 0, 0, 0}, []float32{-1, 1, 1, 1, 0, 0, 0, 0}
	for _, test := range []struct {
		name string
		cfg  Config
		want []float32
	}{
		{"level", Config{Level: true}, half},
		{"student's time", Config{StudentTime: true}, whole},
		{"text and both", Config{Text: true, Level: true, StudentTime: true}, slices.Concat([]float32{3, 4}, half, whole)},
	} {
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{MulScalar(Condition(test.cfg, Conditions{Text: in[0], Level: in[1], StudentTime: MulScalar(in[1], 2.0)}), 1.0)}
		}, tensors.FromValue([][]float32{{3, 4}}), tensors.FromValue([]float32{.5}))
		if diff := cmp.Diff([][]float32{test.want}, out[0].Value(), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if got := test.cfg.CondDim(2, 0); got != len(test.want) || !test.cfg.Conditional() {
			t.Errorf("%s: E = %d, want %d, of conditional heads", test.name, got, len(test.want))
		}
	}
}

func TestConditionJoins(t *testing.T) {
	text := tensors.FromValue([][]float32{{3, 4}, {0, 0}})
	image := tensors.FromValue([][]float32{{5}, {-2}})
	for _, test := range []struct {
		name             string
		text, image, rms bool
		want             [][]float32
	}{
		{"both, as they are", true, true, false, [][]float32{{3, 4, 5}, {0, 0, -2}}},
		{"both at unit RMS, zeros stay zero", true, true, true, [][]float32{{0.848528, 1.131371, 1}, {0, 0, -1}}},
		{"text only", true, false, false, [][]float32{{3, 4}, {0, 0}}},
		{"image only", false, true, false, [][]float32{{5}, {-2}}},
	} {
		cfg := Config{Text: test.text, Image: test.image, CondRMS: test.rms}
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{MulScalar(Condition(cfg, Conditions{Text: in[0], Image: in[1]}), 1.0)}
		}, text, image)
		if diff := cmp.Diff(test.want, out[0].Value(), cmpopts.EquateApprox(0, 1e-5)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if got, want := cfg.CondDim(2, 1), len(test.want[0]); got != want {
			t.Errorf("%s: CondDim = %d, want %d", test.name, got, want)
		}
	}
	if Condition(Config{}, Conditions{}) != nil {
		t.Error("no condition wanted, got one")
	}
}
