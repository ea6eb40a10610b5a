package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// dtype and ndarray are the only classes that a pickle may make.
type dtype struct{ descr string }

type ndarray struct {
	header
	raw  []byte
	done *Array[float64] // its values once converted: an array may occur several times
}

// reduce calls one of the functions by which NumPy pickles itself; its module was renamed in version 2.
func (m *machine) reduce() error {
	pair, err := m.popSome(2)
	if err != nil {
		return err
	}
	f, ok1 := pair[0].(global)
	args, ok2 := pair[1].(tuple)
	if !ok1 || !ok2 {
		return errors.New("calls what is no function")
	}
	switch strings.Replace(string(f), "numpy._core.", "numpy.core.", 1) {
	case "numpy.dtype":
		if len(args) > 0 {
			if descr, ok := args[0].(string); ok {
				m.push(&dtype{descr})
				return nil
			}
		}
	case "numpy.core.multiarray._reconstruct":
		m.push(&ndarray{})
		return nil
	case "numpy.core.numeric._frombuffer":
		if len(args) == 4 {
			raw, ok1 := args[0].([]byte)
			order, ok2 := args[3].(string)
			if ok1 && ok2 {
				a := &ndarray{raw: raw}
				m.push(a)
				return a.describe(args[2], args[1], order == "F")
			}
		}
	default:
		return fmt.Errorf("asks for %s, want arrays only (its code is not run)", string(f))
	}
	return fmt.Errorf("%s has arguments of other kinds", string(f))
}

// build gives an array or a type its state.
func (m *machine) build() error {
	pair, err := m.popSome(2)
	if err != nil {
		return err
	}
	m.push(pair[0])
	state, ok := pair[1].(tuple)
	if !ok {
		return errors.New("state is no tuple")
	}
	switch v := pair[0].(type) {
	case *dtype:
		if len(state) > 1 {
			if order, ok := state[1].(string); ok && len(order) == 1 && len(v.descr) == 2 {
				v.descr = order + v.descr
				return nil
			}
		}
	case *ndarray:
		if len(state) == 5 {
			raw, ok1 := state[4].([]byte)
			fortran, ok2 := state[3].(bool)
			if ok1 && ok2 {
				v.raw = raw
				return v.describe(state[1], state[2], fortran)
			}
		}
	}
	return errors.New("state of another kind, want that of an array of numbers")
}

func (a *ndarray) describe(shape, kind any, fortran bool) error {
	dims, ok1 := shape.(tuple)
	t, ok2 := kind.(*dtype)
	if !ok1 || !ok2 {
		return errors.New("an array has no shape or no type")
	}
	d := plainDescr.FindStringSubmatch(t.descr)
	if d == nil || d[2] == "f" && d[3] == "1" {
		return fmt.Errorf("type = %q, want plain numbers", t.descr)
	}
	a.kind, a.width, a.fortran, a.order = d[2][0], int(d[3][0]-'0'), fortran, binary.LittleEndian
	if d[1] == ">" {
		a.order = binary.BigEndian
	}
	a.shape = []int{}
	for _, dim := range dims {
		n, ok := dim.(int)
		if !ok {
			return fmt.Errorf("shape has a %T, want whole numbers", dim)
		}
		if n < 0 {
			return fmt.Errorf("shape has %d, want dimensions ≥ 0", n)
		}
		a.shape = append(a.shape, n)
	}
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
