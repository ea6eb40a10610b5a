package weights

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// kept are the types that a device holds as the file does: graphs convert halves where they are used.
var kept = map[DType]dtypes.DType{F16: dtypes.Float16, BF16: dtypes.BFloat16, F32: dtypes.Float32}

// Held is the type of the tensor that OnDevice makes, with its shape.
func (t Raw) Held() shapes.Shape {
	dtype, ok := kept[t.DType]
	if !ok {
		dtype = dtypes.Float32
	}
	return shapes.Make(dtype, t.Shape...)
}

// OnDevice puts a floating-point tensor onto the backend's device; float64 becomes float32.
func (t Raw) OnDevice(backend compute.Backend) (*tensors.Tensor, error) {
	if _, ok := kept[t.DType]; ok {
		return tensors.FromRaw(backend, 0, t.Held(), t.Bytes)
	}
	x, err := t.Floats()
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(x, t.Shape...), nil
}
