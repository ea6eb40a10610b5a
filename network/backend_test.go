package network

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// build is a graph under the scope /net.
type build func(scope *model.Scope, in []*Node) []*Node

// run compiles a graph with the variables of store (nil: an empty one) on the pure Go engine and runs it once.
func run(t testing.TB, store *model.Store, fn build, in ...any) [][]float32 {
	t.Helper()
	out, err := tryRun(t, store, fn, in...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryRun(t testing.TB, store *model.Store, fn build, in ...any) ([][]float32, error) {
	t.Helper()
	if store == nil {
		store = model.NewStore()
	}
	exec, err := model.NewExec(graphtest.Engine(), store, func(scope *model.Scope, in []*Node) []*Node { return fn(scope.At("net"), in) })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := exec.Call(in...)
	if err != nil {
		return nil, err
	}
	flat := make([][]float32, len(out))
	for i := range out {
		flat[i] = tensors.MustCopyFlatData[float32](out[i])
	}
	return flat, nil
}

// values are n numbers in [-1,1), a hash of their position and k: tensor number k of testdata/filled.py.
func values(n, k int) []float64 {
	x := make([]float64, n)
	for i := range x {
		h := uint32(i)*374761393 + uint32(k)*668265263
		h = (h ^ h>>13) * 1274126177
		h ^= h >> 16
		x[i] = float64(h)/(1<<31) - 1
	}
	return x
}

// input is a float32 tensor of values.
func input(k int, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(narrow(values(product(dims), k)), dims...)
}

func ids(rows ...[]int32) *tensors.Tensor {
	var flat []int32
	for _, row := range rows {
		flat = append(flat, row...)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(rows), len(rows[0]))
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// equal compares float32 results with a tolerance.
func equal(t *testing.T, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, tolerance)); diff != "" {
		t.Errorf("%s (-want +got):\n%.2000s", what, diff)
	}
}

// weight is a copy of a variable below /net, by its name in PyTorch.
func weight(t testing.TB, store *model.Store, name string) []float32 {
	t.Helper()
	v := store.GetVariable("/net/" + strings.ReplaceAll(name, ".", "/"))
	if v == nil {
		t.Fatalf("no variable %q", name)
	}
	return tensors.MustCopyFlatData[float32](v.MustValue())
}

// stateDict gives the dimensions of the variables below /net, by the names that their tensors have in PyTorch.
func stateDict(store *model.Store) map[string][]int {
	all := map[string][]int{}
	for v := range store.IterVariables() {
		all[strings.ReplaceAll(strings.TrimPrefix(v.Path(), "/net/"), "/", ".")] = v.Shape().Dimensions
	}
	return all
}

// setAll gives every variable below /net the values that change with k.
func setAll(store *model.Store, scale float64) {
	k := 0
	for v := range store.IterVariables() {
		x := values(v.Shape().Size(), k)
		for i := range x {
			x[i] *= scale
		}
		v.MustSetValue(tensors.FromFlatDataAndDimensions(narrow(x), v.Shape().Dimensions...))
		k++
	}
}
