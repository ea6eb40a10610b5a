package network

import (
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
)

// LoadFile reads a safetensors file below a scope as weights that are not trained. It must hold exactly the tensors of what declare builds.
func LoadFile(backend compute.Backend, store *model.Store, scope, path string, declare func(root *model.Scope, g *Graph)) error {
	f, err := weights.Read(path)
	if err != nil {
		return err
	}
	return loadTensors(backend, store, scope, path, f, declare)
}

func loadTensors(backend compute.Backend, store *model.Store, scope, path string, f *weights.File, declare func(root *model.Scope, g *Graph)) error {
	declared := model.NewStore()
	defer declared.Finalize()
	err := Declare(backend, declared, declare)
	if err == nil {
		err = weights.Check(declared, "/", f)
	}
	if err == nil {
		err = weights.Into(store, scope, f)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for v := range store.Scope(scope).IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}
