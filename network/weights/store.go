package weights

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Name is the tensor name of the variable at path below scope: "/teacher", "/teacher/conv/weight" → "conv.weight".
func Name(scope, path string) (string, error) {
	below, ok := strings.CutPrefix(path, prefix(scope))
	if !ok || below == "" {
		return "", fmt.Errorf("weights: variable = %q, want a path below %q", path, scope)
	}
	if strings.Contains(below, ".") {
		return "", fmt.Errorf("weights: variable = %q, want a path without dots, which separate the parts of a tensor name", path)
	}
	return strings.ReplaceAll(below, model.ScopeSeparator, "."), nil
}

// Path is the variable path of a tensor below scope, the inverse of Name.
func Path(scope, name string) (string, error) {
	if strings.Contains(name, model.ScopeSeparator) || slices.Contains(strings.Split(name, "."), "") {
		return "", fmt.Errorf("weights: tensor = %q, want parts separated by single dots", name)
	}
	return prefix(scope) + strings.ReplaceAll(name, ".", model.ScopeSeparator), nil
}

// prefix is what the paths of all variables below scope begin with: "/teacher/", or "/" for the root.
func prefix(scope string) string {
	if scope = strings.Trim(scope, model.ScopeSeparator); scope == "" {
		return model.ScopeSeparator
	}
	return model.ScopeSeparator + scope + model.ScopeSeparator
}

// variables gives the floating-point variables below scope by tensor name.
func variables(store *model.Store, scope string) (map[string]*model.Variable, error) {
	vars := map[string]*model.Variable{}
	for v := range store.IterVariables() {
		if !strings.HasPrefix(v.Path(), prefix(scope)) || !v.DType().IsFloat() {
			continue
		}
		name, err := Name(scope, v.Path())
		if err != nil {
			return nil, err
		}
		vars[name] = v
	}
	return vars, nil
}

var halves = map[dtypes.DType]DType{dtypes.Float16: F16, dtypes.BFloat16: BF16, dtypes.Float32: F32}

// FromStore copies the floating-point variables below scope, in float32 or in half precision; others, such as step counters, are left out.
func FromStore(store *model.Store, scope string) (*File, error) {
	vars, err := variables(store, scope)
	if err != nil {
		return nil, err
	}
	f := &File{Tensors: make(map[string]Tensor, len(vars))}
	for name, v := range vars {
		data := []float32{}
		if v.Shape().Size() > 0 {
			value, err := v.Value()
			dtype, ok := halves[v.DType()]
			switch {
			case err != nil:
			case !ok:
				err = fmt.Errorf("dtype = %s, want float32, float16 or bfloat16", v.DType())
			default:
				if copying := value.ConstBytes(func(b []byte) { data, err = floats(dtype, b) }); copying != nil {
					err = copying
				}
			}
			if err != nil {
				return nil, fmt.Errorf("weights: variable %q: %w", v.Path(), err)
			}
		}
		f.Tensors[name] = Tensor{Shape: slices.Clone(v.Shape().Dimensions), Data: data}
	}
	return f, nil
}

// Into sets the variables below scope to f's tensors and creates those that are not there, as trainable float32.
// Nothing is changed where a name or shape does not fit.
//
// An evaluation graph compiled earlier may hold the old values as constants; rebuild it.
func Into(store *model.Store, scope string, f *File) error {
	names := slices.Sorted(maps.Keys(f.Tensors))
	for _, name := range names {
		path, err := Path(scope, name)
		if err != nil {
			return err
		}
		t := f.Tensors[name]
		if size, err := byteSize(F32, t.Shape); err != nil || size != int64(4*len(t.Data)) {
			return fmt.Errorf("weights: tensor %q: has %d values for shape %v", name, len(t.Data), t.Shape)
		}
		v := store.GetVariable(path)
		if v == nil {
			continue
		}
		if v.DType() != dtypes.Float32 {
			return fmt.Errorf("weights: variable %q: dtype = %s, want %s", path, v.DType(), dtypes.Float32)
		}
		if !slices.Equal(v.Shape().Dimensions, t.Shape) {
			return fmt.Errorf("weights: tensor %q: shape = %v, want %v as variable %q", name, t.Shape, v.Shape().Dimensions, path)
		}
	}
	for _, name := range names {
		path, _ := Path(scope, name)
		t := f.Tensors[name]
		value := tensors.FromFlatDataAndDimensions(t.Data, t.Shape...)
		var err error
		if v := store.GetVariable(path); v != nil {
			err = v.SetValue(value)
		} else {
			_, err = store.CreateVariable(path, value)
		}
		if err != nil {
			return fmt.Errorf("weights: variable %q: %w", path, err)
		}
	}
	return nil
}

// Check wants f to hold exactly the floating-point variables below scope, with their shapes.
func Check(store *model.Store, scope string, f *File) error {
	vars, err := variables(store, scope)
	if err != nil {
		return err
	}
	problems := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		t, ok := f.Tensors[name]
		want := vars[name].Shape().Dimensions
		if !ok {
			problems["missing"] = append(problems["missing"], name)
		} else if !slices.Equal(t.Shape, want) {
			problems["of another shape"] = append(problems["of another shape"], fmt.Sprintf("%s %v, want %v", name, t.Shape, want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tensors)) {
		if vars[name] == nil {
			problems["unexpected"] = append(problems["unexpected"], name)
		}
	}
	var said []string
	for _, kind := range slices.Sorted(maps.Keys(problems)) {
		names := problems[kind]
		n := len(names)
		if n > 4 {
			names = append(names[:4], "…")
		}
		said = append(said, fmt.Sprintf("%d %s (%s)", n, kind, strings.Join(names, "; ")))
	}
	if said != nil {
		return fmt.Errorf("weights: tensors do not fit the %d variables of %q: %s", len(vars), scope, strings.Join(said, ", "))
	}
	return nil
}
