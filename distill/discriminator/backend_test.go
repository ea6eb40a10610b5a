package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
)

// compiled makes a graph under the scope /discriminator of store (nil: an empty one).
func compiled(t testing.TB, store *model.Store, fn func(scope *model.Scope, in []*Node) []*Node) func(in ...any) []*tensors.Tensor {
	t.Helper()
	exec := graphtest.Compile(t, store, func(scope *model.Scope, in []*Node) []*Node { return fn(scope.At("discriminator"), in) })
	return func(in ...any) []*tensors.Tensor {
		t.Helper()
		return graphtest.Call(t, exec, in...)
	}
}

// evaluate compiles a graph and runs it once.
func evaluate(t testing.TB, store *model.Store, fn func(scope *model.Scope, in []*Node) []*Node, in ...any) []*tensors.Tensor {
	t.Helper()
	return compiled(t, store, fn)(in...)
}

func doubles(t *tensors.Tensor) []float64 { return tensors.MustCopyFlatData[float64](t) }

// widened is the same tensor in float64, in which gradients are checked by finite differences.
func widened(x *tensors.Tensor) *tensors.Tensor {
	y := make([]float64, 0, x.Size())
	for _, v := range graphtest.Floats(x) {
		y = append(y, float64(v))
	}
	return tensors.FromFlatDataAndDimensions(y, x.Shape().Dimensions...)
}

// widenedStore is a copy of store in float64.
func widenedStore(t testing.TB, store *model.Store) *model.Store {
	t.Helper()
	wide := model.NewStore()
	for v := range store.IterVariables() {
		w, err := wide.CreateVariable(v.Path(), widened(v.MustValue()))
		if err != nil {
			t.Fatal(err)
		}
		w.SetTrainable(v.Trainable)
	}
	return wide
}

// testHeads is a store with tiny heads under /discriminator.
func testHeads(t testing.TB, cfg Config, widths []int, condDim int) *model.Store {
	t.Helper()
	store := model.NewStore()
	if err := Init(store, "/discriminator", widths, condDim, cfg, 1); err != nil {
		t.Fatal(err)
	}
	return store
}

// checkGradient compares gradient with central differences of f around x, both in float64.
func checkGradient(t *testing.T, name string, f func(x []float64) float64, x, gradient []float64) {
	t.Helper()
	const eps = 1e-5
	for i := range x {
		old := x[i]
		x[i] = old + eps
		up := f(x)
		x[i] = old - eps
		down := f(x)
		x[i] = old
		want := (up - down) / (2 * eps)
		if diff := gradient[i] - want; diff > 1e-6*(1+abs(want)) || diff < -1e-6*(1+abs(want)) {
			t.Errorf("%s: gradient[%d] = %g, finite difference %g", name, i, gradient[i], want)
			return
		}
	}
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
