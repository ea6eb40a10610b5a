package diffusion

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// run computes a graph of some inputs on the pure Go engine.
func run(t *testing.T, f func(in []*Node) *Node, inputs ...any) []float32 {
	t.Helper()
	out, err := CallOnce(graphtest.Engine(), f, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out)
}

func tensor(flat []float32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(flat, dims...)
}

func levels(s Schedule, times ...float64) *tensors.Tensor {
	return tensor(Levels(s, times), len(times), 3)
}

// same compares float32 results within tol, absolute or relative.
func same(t *testing.T, want, got []float32, tol float64) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(tol, tol)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// images returns a pair of random [4,2,2,3].
func images() (x0, eps *tensors.Tensor) {
	r := rng.New(1, "images", 0)
	return tensor(rng.Normal(r, 48), 4, 2, 2, 3), tensor(rng.Normal(r, 48), 4, 2, 2, 3)
}

func TestAdaptRecoversX0FromItsTarget(t *testing.T) {
	for _, s := range Schedules() {
		for _, p := range predictions {
			t.Run(s.Name()+"/"+string(p), func(t *testing.T) {
				times := []float64{0, 0.3, 0.7, 1}
				if p == PredictEps {
					times[3] = 0.8 // at zero signal ε says nothing about x₀
				}
				x0, eps := images()
				got := run(t, func(in []*Node) *Node {
					level := LevelFrom(in[2])
					perfect := func(*Node, Level, Cond) *Node { return Target(p, in[0], in[1], level) }
					xt := Diffuse(in[0], in[1], level)
					// xt is returned too, for the pure Go engine fails where an input is not used.
					return Concatenate([]*Node{Adapt(p, perfect)(xt, level, Cond{}), xt}, 0)
				}, x0, eps, levels(s, times...))
				same(t, tensors.MustCopyFlatData[float32](x0), got[:48], 2e-5)
			})
		}
	}
}

func TestEpsIsReadBackFromX0(t *testing.T) {
	x0, eps := images()
	got := run(t, func(in []*Node) *Node {
		level := LevelFrom(in[2])
		return Sub(EpsFromX0(Diffuse(in[0], in[1], level), in[0], level), in[1])
	}, x0, eps, levels(Cosine{}, 0.02, 0.3, 0.7, 1))
	same(t, make([]float32, 48), got, 1e-4)
}

// Between the last level of Stable Diffusion's networks and pure noise too, of which cosine's t > .957 is.
func TestEpsSurvivesTheTrip(t *testing.T) {
	for _, s := range Schedules() {
		x0, eps := images()
		got := run(t, func(in []*Node) *Node {
			level := LevelFrom(in[2])
			xt := Diffuse(in[0], in[1], level)
			clean := X0FromEps(xt, in[1], level)
			return Concatenate([]*Node{Sub(clean, in[0]), Sub(EpsFromX0(xt, clean, level), in[1])}, 0)
		}, x0, eps, levels(s, 0.02, 0.9, 0.98, 0.99))
		same(t, make([]float32, 48), got[:48], 5e-4) // rounding, grown by σ/α
		same(t, make([]float32, 48), got[48:], 1e-5)
	}
}

func TestEpsNetworkIsReadAtItsLastStepWhereThereIsNoSignal(t *testing.T) {
	xt, eps := images()
	got := run(t, func(in []*Node) *Node { return X0FromEps(in[0], in[1], LevelFrom(in[2])) },
		xt, eps, levels(Cosine{}, 1, 1, 1, 1))
	alpha, sigma := StableDiffusion{}.AlphaSigma(1)
	x, e := tensors.MustCopyFlatData[float32](xt), tensors.MustCopyFlatData[float32](eps)
	want := make([]float32, len(x))
	for i := range want {
		want[i] = float32((float64(x[i]) - sigma*float64(e[i])) / alpha)
	}
	same(t, want, got, 1e-5)
}

func TestLevelsSurviveTheTrip(t *testing.T) {
	got := run(t, func(in []*Node) *Node {
		l := LevelFrom(in[0])
		return Concatenate([]*Node{l.T, l.Alpha, l.Sigma}, 0)
	}, levels(Cosine{}, 0, 1))
	same(t, []float32{0, 1, 1, 0, 0, 1}, got, 0)
}

// The denoiser of this test depends on all that it is given: x, the level and the condition.
func TestGuideMixesConditionalAndUnconditional(t *testing.T) {
	times := []float64{0.2, 0.5, 0.8, 1}
	x, null, cond := []float32{0.3, -0.2, 1, 0.9}, []float32{0.5}, []float32{1, 2, -1, 3}
	denoise := func(x, alpha, c float32) float32 { return c*x + c*c*alpha }
	graph := func(xt *Node, level Level, cond Cond) *Node {
		return Add(Mul(cond.Pooled, xt), Mul(Square(cond.Pooled), level.Like(xt).Alpha))
	}
	for name, w := range map[string]float64{"0 is unconditional": 0, "1 is conditional": 1, "3 extrapolates": 3} {
		t.Run(name, func(t *testing.T) {
			var want []float32
			for i, u := range times {
				alpha, _ := Cosine{}.AlphaSigma(u)
				c, n := denoise(x[i], float32(alpha), cond[i]), denoise(x[i], float32(alpha), null[0])
				want = append(want, n+float32(w)*(c-n))
			}
			got := run(t, func(in []*Node) *Node {
				return Guide(graph, w, Cond{Pooled: in[2]})(in[0], LevelFrom(in[1]), Cond{Pooled: in[3]})
			}, tensor(x, 4, 1), levels(Cosine{}, times...), tensor(null, 1, 1), tensor(cond, 4, 1))
			same(t, want, got, 1e-5)
		})
	}
}

func TestConditionsMustHoldTheSameFields(t *testing.T) {
	_, err := CallOnce(graphtest.Engine(), func(x *Node) *Node { return ConcatConds(Cond{Tokens: x}, Cond{}).Tokens }, [][][]float32{{{1}}})
	if err == nil || !strings.Contains(err.Error(), "tokens") {
		t.Errorf("error %v, want one that names tokens", err)
	}
}

// ADD §3.3: c(t)·∇‖x̂_θ − x̂_ψ‖² is 2σ(ε̂−ε′) for exp and ε̂−ε′ for sds.
func TestWeightingsGiveTheirGradients(t *testing.T) {
	const x0, eps, epsHat = 0.4, -0.9, 0.7
	for _, u := range []float64{0.02, 0.5, 0.98} {
		alpha, sigma := Cosine{}.AlphaSigma(u)
		teacher := (alpha*x0 + sigma*eps - sigma*epsHat) / alpha
		near(t, "exp", Exponential.C(alpha, sigma)*2*(x0-teacher), 2*sigma*(epsHat-eps), 1e-12)
		near(t, "sds", SDS.C(alpha, sigma)*2*(x0-teacher), epsHat-eps, 1e-12)
	}
	for _, w := range weightings {
		near(t, string(w)+" of pure noise", w.C(0, 1), 0, 0)
		if c := w.C(1, 0); math.IsInf(c, 0) || math.IsNaN(c) {
			t.Errorf("%s of clean data = %v, want a finite number", w, c)
		}
	}
}

// The gradient of the weighted loss is δ_D + g δ_C, whose negative prompt acts from t = 0.2 on.
func TestNFSDTargetGivesItsGradient(t *testing.T) {
	times := []float64{0.1, 0.199, 0.2, 0.9}
	const g, x0, c, n, p = 7.5, 0.3, 0.5, -0.2, 0.8
	column := func(v float32) *tensors.Tensor { return tensor([]float32{v, v, v, v}, 4, 1) }
	got := run(t, func(in []*Node) *Node {
		return NFSDTarget(in[0], in[1], in[2], in[3], LevelFrom(in[4]), g)
	}, column(x0), column(c), column(n), column(p), levels(Cosine{}, times...))
	for i, u := range times {
		want := n + g*(c-n)
		if u >= 0.2 {
			want -= p
		}
		near(t, "gradient", NFSD.C(Cosine{}.AlphaSigma(u))*2*(x0-float64(got[i])), want, 1e-4)
	}
}

func TestNFSDTargetIsFiniteAtPureNoiseAndConstant(t *testing.T) {
	x0, eps := images()
	got := run(t, func(in []*Node) *Node {
		target := NFSDTarget(in[0], in[1], in[1], in[0], LevelFrom(in[2]), 7.5)
		grad := Gradient(ReduceAllSum(Add(target, in[0])), in[0])[0]
		return Stack([]*Node{ReduceAllMax(Abs(target)), ReduceAllMax(Abs(SubScalar(grad, 1)))}, 0)
	}, x0, eps, levels(Cosine{}, 1, 1, 1, 1))
	if !(got[0] < 1e5) {
		t.Errorf("largest target = %v, want a finite number", got[0])
	}
	near(t, "gradient through the target", float64(got[1]), 0, 0)
}

// The factors of a plan for other programs are those of the graph, at pure noise too.
func TestAffineIsAdapt(t *testing.T) {
	for _, s := range Schedules() {
		for _, p := range predictions {
			for _, time := range []float64{0.001, 0.3, 0.98, 1} {
				xt, out := images()
				got := run(t, func(in []*Node) *Node {
					raw := func(xt *Node, _ Level, _ Cond) *Node { return Add(in[1], ZerosLike(xt)) }
					return Adapt(p, raw)(in[0], LevelFrom(in[2]), Cond{})
				}, xt, out, levels(s, time, time, time, time))
				ofX, ofOut := p.Affine(s.AlphaSigma(time))
				a, b := tensors.MustCopyFlatData[float32](xt), tensors.MustCopyFlatData[float32](out)
				want := make([]float32, len(a))
				for i := range want {
					want[i] = float32(ofX*float64(a[i]) + ofOut*float64(b[i]))
				}
				same(t, want, got, 1e-4)
			}
		}
	}
}
