package discriminator

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/internal/graphtest"
)

// largestSingular is σ₁ of x as a matrix with the given rows, by gonum's SVD.
func largestSingular(t *testing.T, x []float64, rows int) float64 {
	t.Helper()
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(rows, len(x)/rows, append([]float64(nil), x...)), mat.SVDNone) {
		t.Fatal("no SVD")
	}
	return svd.Values(nil)[0]
}

func spectralStore(t *testing.T, weight, u *tensors.Tensor) *model.Store {
	t.Helper()
	store := model.NewStore()
	for name, x := range map[string]*tensors.Tensor{"weight": weight, "u": u} {
		v, err := store.CreateVariable("/discriminator/"+name, x)
		if err != nil {
			t.Fatal(err)
		}
		v.SetTrainable(name == "weight")
	}
	return store
}

func TestSpectralNormReachesOne(t *testing.T) {
	store := spectralStore(t, widened(graphtest.Normals(1, 6, 4, 3)), widened(graphtest.Normals(2, 6)))
	step := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{spectralNorm(scope.GetVariable("weight").NodeValue(in[0]), scope.GetVariable("u"), true)}
	})
	first := largestSingular(t, doubles(step(float64(0))[0]), 6)
	var normalised []float64
	for range 100 {
		normalised = doubles(step(float64(0))[0])
	}
	if last := largestSingular(t, normalised, 6); math.Abs(last-1) > 1e-6 {
		t.Errorf("σ₁ = %g after 100 steps, want 1", last)
	}
	// σ ≤ σ₁ for any u, hence the normalised weight starts at or above 1.
	if first < 1 {
		t.Errorf("σ₁ = %g after one step, want ≥ 1", first)
	}
}

func TestSpectralNormMovesOnlyWhenAsked(t *testing.T) {
	for _, update := range []bool{false, true} {
		store := spectralStore(t, graphtest.Normals(1, 6, 4, 3), graphtest.Normals(2, 6))
		u := store.GetVariable("/discriminator/u")
		before := graphtest.Floats(u.MustValue())
		evaluate(t, store, func(scope *model.Scope, in []*Node) []*Node {
			return []*Node{spectralNorm(scope.GetVariable("weight").NodeValue(in[0]), scope.GetVariable("u"), update)}
		}, float32(0))
		if moved := !cmp.Equal(before, graphtest.Floats(u.MustValue())); moved != update {
			t.Errorf("update %v: u moved: %v", update, moved)
		}
	}
}

func TestSpectralNormGradient(t *testing.T) {
	weight, u, probe := widened(graphtest.Normals(1, 3, 2, 2)), widened(graphtest.Normals(2, 3)), widened(graphtest.Normals(3, 3, 2, 2))
	store := spectralStore(t, weight, u)
	call := compiled(t, store, func(scope *model.Scope, in []*Node) []*Node {
		y := ReduceAllSum(Mul(spectralNorm(in[0], scope.GetVariable("u"), false), in[1]))
		return []*Node{y, Gradient(y, in[0])[0]}
	})
	// σ = uᵀWv with v = Wᵀu/‖Wᵀu‖ is ‖Wᵀu‖, whose gradient u·vᵀ is the one with v held fixed.
	gradient := doubles(call(weight, probe)[1])
	f := func(w []float64) float64 {
		return doubles(call(tensors.FromFlatDataAndDimensions(w, 3, 2, 2), probe)[0])[0]
	}
	checkGradient(t, "weight", f, doubles(weight), gradient)
}
