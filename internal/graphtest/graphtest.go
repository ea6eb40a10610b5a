// Package graphtest helps tests of graphs: the pure Go engine, calls of a graph, and tensors of random numbers.
package graphtest

import (
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/rng"
)

// Engine is GoMLX's pure Go engine, which needs no library and gives the same bits wherever the processor rounds alike.
var Engine = sync.OnceValue(func() compute.Backend {
	b, err := compute.NewWithConfig("go:parallelism=-1")
	if err != nil {
		panic(err)
	}
	return b
})

// Compile compiles a graph over the variables of store (nil: an empty one), until the test ends.
func Compile(t testing.TB, store *model.Store, fn func(root *model.Scope, in []*Node) []*Node) *model.Exec {
	t.Helper()
	if store == nil {
		store = model.NewStore()
	}
	exec, err := model.NewExec(Engine(), store, fn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return exec
}

// Call runs a compiled graph.
func Call(t testing.TB, exec *model.Exec, in ...any) []*tensors.Tensor {
	t.Helper()
	out, err := exec.Call(in...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Run compiles a graph and runs it once.
func Run(t testing.TB, store *model.Store, fn func(root *model.Scope, in []*Node) []*Node, in ...any) []*tensors.Tensor {
	t.Helper()
	return Call(t, Compile(t, store, fn), in...)
}

// Floats copies the values of a float32 tensor.
func Floats(x *tensors.Tensor) []float32 { return tensors.MustCopyFlatData[float32](x) }

// Normals is a float32 tensor of standard normal values.
func Normals(seed int64, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return tensors.FromFlatDataAndDimensions(rng.Normal(rng.New(seed, "test", 0), n), dims...)
}

// Shake adds normal noise of a standard deviation to every variable: layers initialised with zeros would hide the gradients before them
// and give the same output for all inputs.
func Shake(t testing.TB, store *model.Store, seed int64, deviation float32) {
	t.Helper()
	for v := range store.IterVariables() {
		x := Floats(v.MustValue())
		for i, z := range rng.Normal(rng.New(seed, "test"+v.Path(), 0), len(x)) {
			x[i] += deviation * z
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(x, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
}
