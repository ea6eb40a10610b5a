package distill

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Narrows reports whether a weight of a frozen network is kept in bfloat16: factors of products, which BF16 takes in it anyway, so that no
// result changes. Not those of the teacher of a LoRA, which are the student's, too.
func (c Config) Narrows(scope, name string, shape []int) bool {
	return c.Precision == BF16 && (scope != teacherScope || c.LoRA == 0) &&
		len(shape) > 1 && strings.HasSuffix(name, "weight") && !strings.Contains(name, "embedding")
}

// convert gives the weights below a scope that it is asked for another type. Graphs convert halves where they are used.
func convert(backend compute.Backend, store *model.Store, scope string, to dtypes.DType, asked func(name string, shape []int) bool) error {
	for _, v := range slices.Collect(store.Scope(scope).IterVariables()) {
		if v.DType() == to || !asked(v.Path(), v.Shape().Dimensions) || v.DType() != dtypes.Float32 && to != dtypes.Float32 {
			continue
		}
		path, trains := v.Path(), v.Trainable
		if !v.HasValue() { // of an outline
			shape := v.Shape().Clone()
			shape.DType = to
			if err := store.DeleteVariable(path); err != nil {
				return fmt.Errorf("distill: %s: %w", path, err)
			}
			network.Outline(store, path, shape).SetTrainable(trains)
			continue
		}
		value, err := CallOnce(backend, func(x *Node) *Node { return ConvertDType(x, to) }, v.MustValue())
		if err == nil {
			err = store.DeleteVariable(path)
		}
		if err == nil {
			v, err = store.CreateVariable(path, value)
		}
		if err != nil {
			return fmt.Errorf("distill: %s: %w", path, err)
		}
		v.SetTrainable(trains)
	}
	return nil
}

// duplicate copies the teacher to another scope as float32, to be trained.
func duplicate(store *model.Store, scope string) error {
	if !outlined(store) {
		teacher, err := weights.FromStore(store, "/"+teacherScope)
		if err != nil {
			return err
		}
		return weights.Into(store, "/"+scope, teacher)
	}
	for _, v := range slices.Collect(store.Scope("/" + teacherScope).IterVariables()) {
		shape := v.Shape().Clone()
		shape.DType = dtypes.Float32
		network.Outline(store, "/"+scope+strings.TrimPrefix(v.Path(), "/"+teacherScope), shape)
	}
	return nil
}
