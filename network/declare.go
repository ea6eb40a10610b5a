package network

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

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

// declared returns a variable without a value.
func declared(scope *model.Scope, name string, dims []int) *model.Variable {
	path := strings.TrimSuffix(scope.Scope(), model.ScopeSeparator) + model.ScopeSeparator + name
	return scope.Store().VariableWithShape(path, shapes.Make(dtypes.Float32, dims...), func(*Graph, shapes.Shape) *Node {
		panic(fmt.Errorf("network: weight %s has no value, want it from a file", path))
	})
}
