package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/network/weights"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// frozenKey is the metadata entry that lists the variables that are not trainable, elsewhereKey the one of the scopes that are not in the
// file.
const frozenKey, elsewhereKey = "frozen", "elsewhere"

// dtypesInFiles pairs the engine's types with those of safetensors.
var dtypesInFiles = map[dtypes.DType]weights.DType{
	dtypes.Bool: weights.Bool,
	dtypes.Int8: weights.I8, dtypes.Int16: weights.I16, dtypes.Int32: weights.I32, dtypes.Int64: weights.I64,
	dtypes.Uint8: weights.U8, dtypes.Uint16: weights.U16, dtypes.Uint32: weights.U32, dtypes.Uint64: weights.U64,
	dtypes.Float16: weights.F16, dtypes.BFloat16: weights.BF16, dtypes.Float32: weights.F32, dtypes.Float64: weights.F64,
}

// SaveStore writes the variables of store, bit by bit under their full paths: weights, moving averages, the optimizers' moments and step
// counters. A training that resumes from it continues as if it had never stopped. Scopes that come from elsewhere are left out, as frozen
// networks do. One variable at a time is copied from the device.
func SaveStore(path string, store *model.Store, elsewhere ...string) error {
	f := &weights.RawFile{Tensors: make(map[string]weights.Raw, store.NumVariables())}
	frozen := []string{}
	for v := range store.IterVariables() {
		if below(v.Path(), elsewhere) {
			continue
		}
		dtype, ok := dtypesInFiles[v.DType()]
		if !ok {
			return fmt.Errorf("record: variable %q: dtype = %s, which safetensors lacks", v.Path(), v.DType())
		}
		f.Tensors[v.Path()] = weights.Raw{DType: dtype, Shape: slices.Clone(v.Shape().Dimensions)}
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
	if len(elsewhere) > 0 {
		if text, err = json.Marshal(elsewhere); err != nil {
			return fmt.Errorf("record: %w", err)
		}
		f.Metadata[elsewhereKey] = string(text)
	}
	return weights.WriteEach(path, f, func(name string, write func([]byte) error) error {
		if err := copyOut(store.GetVariable(name), write); err != nil {
			return fmt.Errorf("record: variable %q: %w", name, err)
		}
		return nil
	})
}

// copyOut hands the bytes of a variable to write, and keeps no copy of what is on a device.
func copyOut(v *model.Variable, write func([]byte) error) error {
	if v.Shape().IsZeroSize() {
		return write(nil)
	}
	value, err := v.Value()
	if err != nil {
		return err
	}
	had := value.HasLocal()
	var failed error
	if err := value.ConstBytes(func(b []byte) { failed = write(b) }); err != nil {
		return err
	}
	if !had && value.IsOnAnyDevice() && !value.IsShared() {
		value.FinalizeLocal()
	}
	return failed
}

// below reports whether a path is below one of the scopes.
func below(path string, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return strings.HasPrefix(path, scope+"/") })
}

// LoadStore gives store the variables that SaveStore wrote, creating those that are not there yet; what SaveStore left out stays. It changes nothing
// where a variable has another type or shape, or where store has one that the file lacks.
//
// An evaluation graph compiled earlier may hold the old values as constants; rebuild it.
func LoadStore(path string, store *model.Store) error {
	f, err := weights.Header(path)
	if err != nil {
		return err
	}
	var frozen, elsewhere []string
	if err := json.Unmarshal([]byte(f.Metadata[frozenKey]), &frozen); err != nil {
		return fmt.Errorf("record: %s: metadata %q: %w (not written by SaveStore?)", path, frozenKey, err)
	}
	if text, ok := f.Metadata[elsewhereKey]; ok {
		if err := json.Unmarshal([]byte(text), &elsewhere); err != nil {
			return fmt.Errorf("record: %s: metadata %q: %w", path, elsewhereKey, err)
		}
	}
	for v := range store.IterVariables() {
		if below(v.Path(), elsewhere) {
			continue
		}
		raw, ok := f.Tensors[v.Path()]
		if !ok {
			return fmt.Errorf("record: %s: variable %q is missing", path, v.Path())
		}
		if dtype, err := dtypeOf(raw); err != nil || dtype != v.DType() || !slices.Equal(raw.Shape, v.Shape().Dimensions) {
			return fmt.Errorf("record: %s: variable %q: shape = %s %v, want %s", path, v.Path(), raw.DType, raw.Shape, v.Shape())
		}
	}
	for name, raw := range f.Tensors {
		if _, err := dtypeOf(raw); err != nil {
			return fmt.Errorf("record: %s: variable %q: %w", path, name, err)
		}
	}
	return weights.Each(path, func(name string, raw weights.Raw) error {
		value, err := tensor(raw)
		v := store.GetVariable(name)
		switch {
		case err != nil:
		case v == nil:
			v, err = store.CreateVariable(name, value)
		default:
			err = v.SetValue(value)
		}
		if err != nil {
			return fmt.Errorf("record: variable %q: %w", name, err)
		}
		_, found := slices.BinarySearch(frozen, name)
		v.SetTrainable(!found)
		return nil
	})
}

func dtypeOf(raw weights.Raw) (dtypes.DType, error) {
	for dtype, inFile := range dtypesInFiles {
		if inFile == raw.DType {
			return dtype, nil
		}
	}
	return dtypes.InvalidDType, fmt.Errorf("dtype = %s, which the engine lacks", raw.DType)
}

func tensor(raw weights.Raw) (*tensors.Tensor, error) {
	dtype, err := dtypeOf(raw)
	if err != nil {
		return nil, err
	}
	t := tensors.FromShape(shapes.Make(dtype, raw.Shape...))
	if len(raw.Bytes) == 0 {
		return t, nil
	}
	return t, t.MutableBytes(func(b []byte) { copy(b, raw.Bytes) })
}
