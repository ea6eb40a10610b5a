package npy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/addlab/addlab/internal/pickle"
)

// Dict is a dictionary of a pickle: arrays of float64, dictionaries, texts and numbers by name.
type Dict map[string]any

// maxPickle bounds a pickle; it is read whole.
const maxPickle = 2 << 30

// ReadPickle reads a dictionary of NumPy arrays that Python's pickle wrote with protocol 3 or later, as edm2 keeps its statistics.
// Whatever else a pickle holds is refused, and nothing in it is run.
func ReadPickle(path string) (Dict, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	d, err := parsePickle(f)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: %w", path, err)
	}
	return d, nil
}

func parsePickle(r io.Reader) (Dict, error) {
	noIDs := func(any) (any, error) { return nil, errors.New("pickle refers to what is outside of it") }
	value, err := pickle.Read(bufio.NewReader(r), maxPickle, numpyNames, noIDs)
	if err != nil {
		return nil, err
	}
	d, ok := value.(*types.Dict)
	if !ok {
		return nil, fmt.Errorf("holds a %T, want a dictionary of arrays", value)
	}
	entries := maxEntries
	return dict(d, 0, &entries)
}

// maxEntries and maxDepth bound the search: a dictionary may contain itself.
const (
	maxEntries = 10_000
	maxDepth   = 32
)

// dict converts a dictionary, that deep in others, with the arrays in it.
func dict(from *types.Dict, depth int, entries *int) (Dict, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d dictionaries in each other", maxDepth)
	}
	d := Dict{}
	for _, e := range *from {
		name, ok := e.Key.(string)
		if !ok {
			return nil, fmt.Errorf("key is a %T, want text", e.Key)
		}
		if *entries--; *entries < 0 {
			return nil, fmt.Errorf("more than %d entries", maxEntries)
		}
		var err error
		switch v := e.Value.(type) {
		case *ndarray:
			d[name], err = v.values()
		case *types.Dict:
			d[name], err = dict(v, depth+1, entries)
		case nil, bool, int, float64, string:
			d[name] = v
		default:
			err = fmt.Errorf("is a %T, want an array, a dictionary, text or a number", v)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}

// dtype and ndarray are the only classes that a pickle may make.
type dtype struct{ descr string }

type ndarray struct {
	header
	raw  []byte
	done *Array[float64] // its values once converted: an array may occur several times
}

// numpyNames are the functions by which NumPy pickles itself; version 2 renamed their module.
var numpyNames = pickle.Names{
	"numpy.dtype":                         pickle.Function(makeType),
	"numpy.ndarray":                       nil, // an argument of _reconstruct
	"numpy.core.multiarray._reconstruct":  pickle.Function(reconstruct),
	"numpy._core.multiarray._reconstruct": pickle.Function(reconstruct),
	"numpy.core.numeric._frombuffer":      pickle.Function(fromBuffer),
	"numpy._core.numeric._frombuffer":     pickle.Function(fromBuffer),
}

func makeType(args []any) (any, error) {
	if len(args) > 0 {
		if descr, ok := args[0].(string); ok {
			return &dtype{descr}, nil
		}
	}
	return nil, errors.New("numpy.dtype has arguments of other kinds")
}

// PySetState sets the byte order of a type.
func (t *dtype) PySetState(state any) error {
	if s, ok := state.(*types.Tuple); ok && s.Len() > 1 && len(t.descr) == 2 {
		if order, ok := s.Get(1).(string); ok && len(order) == 1 {
			t.descr = order + t.descr
			return nil
		}
	}
	return errors.New("state of a type is of another kind, want that of plain numbers")
}

// reconstruct makes an array that gets its values as a state.
func reconstruct([]any) (any, error) { return &ndarray{}, nil }

// PySetState sets shape, type, order and bytes of an array.
func (a *ndarray) PySetState(state any) error {
	if s, ok := state.(*types.Tuple); ok && s.Len() == 5 {
		fortran, ok := s.Get(3).(bool)
		if ok {
			return a.set(s.Get(1), s.Get(2), fortran, s.Get(4))
		}
	}
	return errors.New("state of an array is of another kind, want that of numbers")
}

func fromBuffer(args []any) (any, error) {
	if len(args) == 4 {
		if order, ok := args[3].(string); ok {
			a := &ndarray{}
			return a, a.set(args[2], args[1], order == "F", args[0])
		}
	}
	return nil, errors.New("numpy's _frombuffer has arguments of other kinds")
}

func (a *ndarray) set(shape, kind any, fortran bool, raw any) error {
	dims, ok1 := pickle.Naturals(shape)
	t, ok2 := kind.(*dtype)
	if !ok1 || !ok2 {
		return errors.New("an array lacks a shape of whole numbers ≥ 0 or a type")
	}
	switch raw := raw.(type) {
	case []byte:
		a.raw = raw
	case *types.ByteArray:
		a.raw = *raw
	default:
		return fmt.Errorf("an array's values are a %T, want bytes", raw)
	}
	var err error
	if a.header, err = parseDescr(t.descr); err != nil {
		return err
	}
	a.fortran, a.shape = fortran, dims
	return nil
}

// values converts the bytes.
func (a *ndarray) values() (Array[float64], error) {
	if a.done != nil {
		return *a.done, nil
	}
	n, err := a.header.values()
	if err != nil {
		return Array[float64]{}, err
	}
	if a.width == 0 || n*a.width != len(a.raw) || len(a.shape) > 32 {
		return Array[float64]{}, fmt.Errorf("shape = %v of %d bytes each in %d bytes", a.shape, a.width, len(a.raw))
	}
	data := appendValues(make([]float64, 0, n), a.raw, a.header)
	if a.fortran {
		data = fromFortran(data, a.shape)
	}
	a.done = &Array[float64]{Shape: a.shape, Data: data}
	return *a.done, nil
}
