package discriminator

import (
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/rng"
)

var goBackend = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go:parallelism=-1") })

// compiled makes a graph on the pure Go engine, under the scope /discriminator of store (nil: an empty one).
func compiled(t testing.TB, store *model.Store, fn func(scope *model.Scope, in []*Node) []*Node) func(in ...any) []*tensors.Tensor {
	t.Helper()
	backend, err := goBackend()
	if err != nil {
		t.Fatal(err)
	}
	if store == nil {
		store = model.NewStore()
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, in []*Node) []*Node {
		return fn(scope.At("discriminator"), in)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return func(in ...any) []*tensors.Tensor {
		t.Helper()
		out, err := exec.Call(in...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// evaluate compiles a graph and runs it once.
func evaluate(t testing.TB, store *model.Store, fn func(scope *model.Scope, in []*Node) []*Node, in ...any) []*tensors.Tensor {
	t.Helper()
	return compiled(t, store, fn)(in...)
}

func floats(t *tensors.Tensor) []float32  { return tensors.MustCopyFlatData[float32](t) }
func doubles(t *tensors.Tensor) []float64 { return tensors.MustCopyFlatData[float64](t) }

// normals is a float32 tensor of standard normal values.
func normals(seed int64, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return tensors.FromFlatDataAndDimensions(rng.Normal(rng.New(seed, "test", 0), n), dims...)
}

// widened is the same tensor in float64, in which gradients are checked by finite differences.
func widened(x *tensors.Tensor) *tensors.Tensor {
	y := make([]float64, 0, x.Size())
	for _, v := range floats(x) {
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
