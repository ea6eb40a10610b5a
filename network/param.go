package network

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/rng"
)

const seedParam = "addlab_seed"

// Seed sets the seed for the initial values of all networks built in this store afterwards.
func Seed(store *model.Store, seed int64) { store.SetParam("/"+seedParam, seed) }

// initializer fills the initial values of a parameter with its dimensions.
type initializer func(dims []int, normal func() float64) []float32

// param returns the parameter of this name, created on first use with values drawn on the host from the seed and the path,
// so that they depend neither on the engine nor on the order of building.
func param(scope *model.Scope, g *Graph, name string, init initializer, dims ...int) *Node {
	v := scope.GetVariable(name)
	if v == nil && model.GetRootParamOr(scope.Store(), declareParam, false) {
		v = declared(scope, name, dims)
	}
	if v == nil {
		seed := model.GetRootParamOr(scope.Store(), seedParam, int64(1))
		r := rng.New(seed, scope.Scope()+"/"+name, 0)
		v = scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(init(dims, r.NormFloat64), dims...))
	}
	n := v.NodeValue(g)
	if other := model.GetRootParamOr[map[string]*Node](scope.Store(), replacedParam, nil)[v.Path()]; other != nil {
		n = other
	}
	n.AssertDims(dims...)
	if t := n.DType(); t == dtypes.Float16 || t == dtypes.BFloat16 { // frozen weights of a file that holds halves
		return ConvertDType(n, dtypes.Float32)
	}
	return n
}

func constant(value float32) initializer {
	return func(dims []int, _ func() float64) []float32 { return slices.Repeat([]float32{value}, product(dims)) }
}

var zeros, ones = constant(0), constant(1)

func gaussian(std float64) initializer {
	return func(dims []int, normal func() float64) []float32 {
		x := make([]float32, product(dims))
		for i := range x {
			x[i] = float32(std * normal())
		}
		return x
	}
}

// fanIn draws from N(0, gain²/fan-in); the first axis holds the outputs, as PyTorch lays weights out.
func fanIn(gain float64) initializer {
	return func(dims []int, normal func() float64) []float32 {
		return gaussian(gain/math.Sqrt(float64(product(dims[1:]))))(dims, normal)
	}
}

func product(dims []int) int { return shapes.Make(dtypes.Float32, dims...).Size() }

const replacedParam = "addlab_replaced"

// Replaced builds a part of a graph in which networks read these nodes in place of the parameters of these paths.
func Replaced(store *model.Store, nodes map[string]*Node, build func() *Node) *Node {
	store.SetParam("/"+replacedParam, nodes)
	defer store.SetParam("/"+replacedParam, map[string]*Node(nil))
	return build()
}

const declareParam = "addlab_declare"

// Declare puts the variables of a network into the store by name and shape, without values: large weights come from a file, and
// random ones would cost minutes. The graph is built, not compiled.
func Declare(backend compute.Backend, store *model.Store, build func(scope *model.Scope, g *Graph)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("network: %v", r)
		}
	}()
	store.SetParam("/"+declareParam, true)
	defer store.SetParam("/"+declareParam, false)
	g := NewGraph(backend, "declare")
	defer g.Finalize()
	build(store.RootScope(), g)
	return nil
}

func declared(scope *model.Scope, name string, dims []int) *model.Variable {
	path := strings.TrimSuffix(scope.Scope(), model.ScopeSeparator) + model.ScopeSeparator + name
	return Outline(scope.Store(), path, shapes.Make(dtypes.Float32, dims...))
}

// Outline puts a variable without value into a store. Graphs that read it are compiled, but cannot run.
func Outline(store *model.Store, path string, shape shapes.Shape) *model.Variable {
	return store.VariableWithShape(path, shape, func(*Graph, shapes.Shape) *Node {
		panic(fmt.Errorf("network: weight %s has no value, want it from a file", path))
	})
}
