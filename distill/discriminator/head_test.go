package discriminator

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// naiveHead is one head as loops on the host, the [B,T,M] tensor of the projection included: tokens [B,T,C], cond [B,E] → [B,T].
// One norm group holds the whole batch.
func naiveHead(t *testing.T, store *model.Store, cfg Config, x, cond []float64, b, tokens, c, e int) []float64 {
	t.Helper()
	value := func(name string) []float64 {
		return doubles(store.GetVariable("/discriminator/heads/0/" + name).MustValue())
	}
	// weight/σ, σ = uᵀWv, v = Wᵀu/‖Wᵀu‖, that is σ = ‖Wᵀu‖.
	conv := func(name string, x []float64, out, kernel int) []float64 {
		w, u := value(name+"/weight"), value(name+"/u")
		n := len(w) / out
		var squares float64
		for j := range n {
			var s float64
			for i := range out {
				s += w[i*n+j] * u[i]
			}
			squares += s * s
		}
		for i := range w {
			w[i] /= math.Sqrt(squares)
		}
		return naiveConv(x, w, b, tokens, c, out, kernel)
	}
	normAct := func(name string, x []float64) []float64 {
		scale, bias := value(name+"/weight"), value(name+"/bias")
		n := float64(b * tokens)
		for channel := range c {
			var mean, variance float64
			for i := channel; i < len(x); i += c {
				mean += x[i] / n
			}
			for i := channel; i < len(x); i += c {
				variance += (x[i] - mean) * (x[i] - mean) / n
			}
			for i := channel; i < len(x); i += c {
				x[i] = (x[i]-mean)/math.Sqrt(variance+1e-5)*scale[channel] + bias[channel]
				x[i] = max(x[i], 0.2*x[i])
			}
		}
		return x
	}

	h := normAct("point_norm", conv("point", x, c, 1))
	block := normAct("ring_norm", conv("ring", h, c, cfg.Kernel))
	for i := range h {
		h[i] = (block[i] + h[i]) / math.Sqrt2
	}
	m := 1
	if cfg.Conditional() {
		m = cfg.MapDim
	}
	cls, clsBias := conv("out", h, m, 1), value("out/bias")
	logits := make([]float64, b*tokens)
	for i := range logits {
		for o := range m {
			y := cls[i*m+o] + clsBias[o]
			if cfg.Conditional() {
				bias, gain := make([]float64, m), 1/math.Sqrt(float64(e))
				if !cfg.CondEqualized {
					bias, gain = value("cond/bias"), 1
				}
				cmap := bias[o]
				for j := range e {
					cmap += gain * value("cond/weight")[o*e+j] * cond[i/tokens*e+j]
				}
				y *= cmap / math.Sqrt(float64(m))
			}
			logits[i] += y
		}
	}
	return logits
}

func TestHeadAgainstLoops(t *testing.T) {
	const b, tokens, c, e = 4, 6, 5, 3
	for _, test := range []struct {
		name        string
		text, image bool
		equalized   bool
	}{
		{"unconditional", false, false, false},
		{"conditional", true, true, false},
		{"conditional by an equalised map", true, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Text, cfg.Image, cfg.MapDim, cfg.CondEqualized = test.text, test.image, 7, test.equalized
			store := widenedStore(t, testHeads(t, cfg, []int{c}, e))
			// Scale and bias other than 1 and 0, so that they count.
			for _, name := range []string{"point_norm/weight", "point_norm/bias", "ring_norm/weight", "ring_norm/bias"} {
				store.GetVariable("/discriminator/heads/0/" + name).MustSetValue(widened(graphtest.Normals(int64(len(name)), c)))
			}
			x, cond := widened(graphtest.Normals(1, b, tokens, c)), widened(graphtest.Normals(2, b, e))
			want := naiveHead(t, store, cfg, doubles(x), doubles(cond), b, tokens, c, e)
			got := evaluate(t, store, func(scope *model.Scope, in []*Node) []*Node {
				return Bind(scope, in[0].Graph(), cfg, false).Logits(in[:1], in[1])
			}, x, cond)
			if diff := cmp.Diff([]int{b, tokens}, got[0].Shape().Dimensions); diff != "" {
				t.Fatalf("shape (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, doubles(got[0]), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogitsPerTap(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Norm = NormGroup
	store := testHeads(t, cfg, []int{4, 6}, 3)
	out := evaluate(t, store, func(scope *model.Scope, in []*Node) []*Node {
		return Bind(scope, in[0].Graph(), cfg, true).Logits(in[:2], in[2])
	}, graphtest.Normals(1, 2, 5, 4), graphtest.Normals(2, 2, 9, 6), graphtest.Normals(3, 2, 3))
	var shapes [][]int
	for _, l := range out {
		shapes = append(shapes, l.Shape().Dimensions)
	}
	if diff := cmp.Diff([][]int{{2, 5}, {2, 9}}, shapes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
