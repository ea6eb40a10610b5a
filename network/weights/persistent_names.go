package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/addlab/addlab/internal/pickle"
)

// persistentVersion is the format of torch_utils.persistence that is known.
const persistentVersion = 6

// object is a persistent object, or with no class one of torch.nn's containers of modules. state is that of Python.
type object struct {
	class string
	state any
}

// PySetState is gopickle's interface.
func (o *object) PySetState(state any) error {
	o.state = state
	return nil
}

// persistentNames are the functions and classes that a pickle of a network uses.
var persistentNames = func() pickle.Names {
	names := pickle.Names{
		"torch_utils.persistence._reconstruct_persistent_obj": pickle.Function(persistent),
		"torch.storage._load_from_bytes":                      pickle.Function(storageWithin),
		"torch._utils._rebuild_tensor_v2":                     torchNames["torch._utils._rebuild_tensor_v2"],
		"torch._utils._rebuild_parameter":                     torchNames["torch._utils._rebuild_parameter"],
		"dnnlib.util.EasyDict":                                pickle.Class(func([]any) (any, error) { return types.NewDict(), nil }),
		"numpy.dtype":                                         pickle.Function(scalarType),
	}
	for _, class := range []string{"ModuleDict", "ModuleList", "Sequential"} {
		names["torch.nn.modules.container."+class] = pickle.Class(func([]any) (any, error) { return &object{}, nil })
	}
	for _, module := range []string{"numpy.core.multiarray", "numpy._core.multiarray"} { // NumPy 2 renamed it
		names[module+".scalar"] = pickle.Function(scalar)
	}
	for _, module := range []string{"builtins", "__builtin__"} { // protocols before 4
		names[module+".set"] = pickle.Function(func([]any) (any, error) { return types.NewSet(), nil })
	}
	return names
}()

// persistent takes the description of an object: type, version, module_src (which would be run), class_name and state.
func persistent(args []any) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("persistent object of %d arguments, want one", len(args))
	}
	meta, ok := dict(args[0])
	if !ok {
		return nil, fmt.Errorf("persistent object of a %T, want a dict", args[0])
	}
	class, ok := meta["class_name"].(string)
	if !ok || class == "" {
		return nil, errors.New("persistent object: class_name is missing")
	}
	if names := slices.Sorted(maps.Keys(meta)); !slices.Equal(names, []string{"class_name", "module_src", "state", "type", "version"}) {
		return nil, fmt.Errorf("persistent object %s has %q, want class_name, module_src, state, type and version", class, names)
	}
	if kind, _ := meta["type"].(string); kind != "class" {
		return nil, fmt.Errorf("persistent object %s: type = %q, want class", class, kind)
	}
	if version, _ := meta["version"].(int); version != persistentVersion {
		return nil, fmt.Errorf("persistent object %s: version = %d, want %d", class, version, persistentVersion)
	}
	return &object{class, meta["state"]}, nil
}

// storageWithin takes a file of torch.save that holds nothing but a storage.
func storageWithin(args []any) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("storage of %d arguments, want one", len(args))
	}
	file, ok := args[0].(*io.SectionReader)
	if !ok {
		return nil, errors.New("storage: want the bytes of a file")
	}
	r := bufio.NewReader(file)
	if err := legacyStart(r); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	value, _, err := unpickle(r)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	s, ok := value.(*storage)
	if !ok {
		return nil, fmt.Errorf("storage: holds a %T, want a storage", value)
	}
	keys, _, err := unpickle(r)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if list, ok := keys.(*types.List); !ok || list.Len() != 1 || list.Get(0) != any(s.key) {
		return nil, fmt.Errorf("storage: want the key %q alone behind it", s.key)
	}
	var count [8]byte
	if _, err := io.ReadFull(r, count[:]); err != nil {
		return nil, fmt.Errorf("storage: %w (cut short?)", err)
	}
	read, _ := file.Seek(0, io.SeekCurrent)
	start := read - int64(r.Buffered())
	if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.count) || n > uint64(file.Size()) || file.Size()-start != int64(s.count*s.dtype.Size()) {
		return nil, fmt.Errorf("storage: %d elements in %d bytes, want %d of %s", n, file.Size()-start, s.count, s.dtype)
	}
	_, from, _ := file.Outer()
	s.at = from + start
	return s, nil
}

// scalarOf is the type of a NumPy number: its kind and size, and the order of its bytes.
type scalarOf struct{ name, order string }

func scalarType(args []any) (any, error) {
	if len(args) > 0 {
		if name, ok := args[0].(string); ok {
			return &scalarOf{name: name}, nil
		}
	}
	return nil, errors.New("numpy.dtype has arguments of other kinds")
}

// PySetState sets the order of the bytes.
func (t *scalarOf) PySetState(state any) error {
	if s, ok := state.(*types.Tuple); ok && s.Len() > 1 {
		if order, ok := s.Get(1).(string); ok {
			t.order = order
			return nil
		}
	}
	return errors.New("state of a NumPy type is of another kind, want that of plain numbers")
}

// scalar is a number that NumPy computed, such as the root of a half.
func scalar(args []any) (any, error) {
	if len(args) == 2 {
		t, ok1 := args[0].(*scalarOf)
		b, ok2 := args[1].([]byte)
		switch {
		case !ok1 || !ok2:
		case t.name == "f8" && t.order == "<" && len(b) == 8:
			return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
		case t.name == "f4" && t.order == "<" && len(b) == 4:
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
		case t.name == "i8" && t.order == "<" && len(b) == 8:
			return int(binary.LittleEndian.Uint64(b)), nil
		case t.name == "b1" && len(b) == 1:
			return b[0] != 0, nil
		default:
			return nil, fmt.Errorf("number of NumPy's type %s%s in %d bytes, want f4, f8, i8 or b1", t.order, t.name, len(b))
		}
	}
	return nil, errors.New("number of NumPy: want its type and its bytes")
}
