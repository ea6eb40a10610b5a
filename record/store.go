package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/addlab/addlab/network/weights"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// frozenKey is the metadata entry that lists the variables that are not trainable.
const frozenKey = "frozen"

// dtypesInFiles pairs the engine's types with those of safetensors.
var dtypesInFiles = map[dtypes.DType]weights.DType{
	dtypes.Bool: weights.Bool,
	dtypes.Int8: weights.I8, dtypes.Int16: weights.I16, dtypes.Int32: weights.I32, dtypes.Int64: weights.I64,
	dtypes.Uint8: weights.U8, dtypes.Uint16: weights.U16, dtypes.Uint32: weights.U32, dtypes.Uint64: weights.U64,
	dtypes.Float16: weights.F16, dtypes.BFloat16: weights.BF16, dtypes.Float32: weights.F32, dtypes.Float64: weights.F64,
}

// SaveStore writes all variables of store, bit by bit under their full paths: weights, moving averages, the optimizers'
// moments and step counters. A training that resumes from it continues as if it had never stopped.
func SaveStore(path string, store *model.Store) error {
	f := &weights.RawFile{Tensors: make(map[string]weights.Raw, store.NumVariables())}
	frozen := []string{}
	for v := range store.IterVariables() {
		dtype, ok := dtypesInFiles[v.DType()]
		if !ok {
			return fmt.Errorf("record: variable %q: dtype = %s, which safetensors lacks", v.Path(), v.DType())
		}
		value, err := v.Value()
		if err != nil {
			return fmt.Errorf("record: variable %q: %w", v.Path(), err)
		}
		raw := weights.Raw{DType: dtype, Shape: slices.Clone(v.Shape().Dimensions)}
		if !v.Shape().IsZeroSize() {
			if err := value.ConstBytes(func(b []byte) { raw.Bytes = slices.Clone(b) }); err != nil {
				return fmt.Errorf("record: variable %q: %w", v.Path(), err)
			}
		}
		f.Tensors[v.Path()] = raw
		if !v.Trainable {
			frozen = append(frozen, v.Path())
		}
	}
	slices.Sort(frozen)
	text, err := json.Marshal(frozen)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	f.Metadata = map[string]string{frozenKey: string(text)}
	return weights.WriteRaw(path, f)
}

// LoadStore gives store the variables that SaveStore wrote, creating those that are not there yet. It changes nothing
// where a variable has another type or shape, or where store has one that the file lacks.
//
// An evaluation graph compiled earlier may hold the old values as constants; rebuild it.
func LoadStore(path string, store *model.Store) error {
	f, err := weights.ReadRaw(path)
	if err != nil {
		return err
	}
	values := make(map[string]*tensors.Tensor, len(f.Tensors))
	for name, raw := range f.Tensors {
		if values[name], err = tensor(raw); err != nil {
			return fmt.Errorf("record: %s: variable %q: %w", path, name, err)
		}
	}
	for v := range store.IterVariables() {
		value, ok := values[v.Path()]
		if !ok {
			return fmt.Errorf("record: %s: variable %q is missing", path, v.Path())
		}
		if !value.Shape().Equal(v.Shape()) {
			return fmt.Errorf("record: %s: variable %q: shape = %s, want %s", path, v.Path(), value.Shape(), v.Shape())
		}
	}
	var frozen []string
	if err := json.Unmarshal([]byte(f.Metadata[frozenKey]), &frozen); err != nil {
		return fmt.Errorf("record: %s: metadata %q: %w (not written by SaveStore?)", path, frozenKey, err)
	}

	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := store.GetVariable(name)
		if v == nil {
			v, err = store.CreateVariable(name, values[name])
		} else {
			err = v.SetValue(values[name])
		}
		if err != nil {
			return fmt.Errorf("record: variable %q: %w", name, err)
		}
		_, found := slices.BinarySearch(frozen, name)
		v.SetTrainable(!found)
	}
	return nil
}

func tensor(raw weights.Raw) (*tensors.Tensor, error) {
	for dtype, inFile := range dtypesInFiles {
		if inFile != raw.DType {
			continue
		}
		t := tensors.FromShape(shapes.Make(dtype, raw.Shape...))
		if len(raw.Bytes) == 0 {
			return t, nil
		}
		return t, t.MutableBytes(func(b []byte) { copy(b, raw.Bytes) })
	}
	return nil, fmt.Errorf("dtype = %s, which the engine lacks", raw.DType)
}
