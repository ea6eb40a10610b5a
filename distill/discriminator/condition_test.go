package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Heads are told times by waves: t = ½ is a quarter turn of the slowest.
func TestConditionTellsTimes(t *testing.T) {
	for _, cfg := range []Config{{Text: true, Level: true}, {Text: true, StudentTime: true}} {
		want := []float32{3, 4, 0, -1, 1, 1, 1, 0, 0, 0}
		out := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node {
			told := Conditions{Text: in[0], Level: in[1], StudentTime: MulScalar(in[1], .25)}
			if cfg.StudentTime {
				told.Level, told.StudentTime = told.StudentTime, told.Level
			}
			return []*Node{MulScalar(Condition(cfg, told), 1.0)}
		}, tensors.FromValue([][]float32{{3, 4}}), tensors.FromValue([]float32{.5}))
		diff := cmp.Diff([][]float32{want}, out[0].Value(), cmpopts.EquateApprox(0, 1e-5))
		if cfg.Text = false; diff != "" || cfg.CondDim(2, 0) != len(want)-2 || !cfg.Conditional() {
			t.Errorf("%+v: E = %d without text (-want +got):\n%s", cfg, cfg.CondDim(2, 0), diff)
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
