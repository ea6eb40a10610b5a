package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Dict is a dictionary of a pickle: arrays of float64, dictionaries, texts and whole numbers by name.
type Dict map[string]any

// maxPickle bounds a pickle; it is read whole.
const maxPickle = 2 << 30

// ReadPickle reads a dictionary of NumPy arrays that Python's pickle wrote with protocol 3 or later, as edm2 keeps its statistics. It
// knows the few instructions of such files and makes arrays only. Anything else is refused, and nothing is run.
func ReadPickle(path string) (Dict, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	if info.Size() > maxPickle {
		return nil, fmt.Errorf("npy: %s: file = %d bytes, want ≤ %d", path, info.Size(), maxPickle)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	d, err := parsePickle(data)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: pickle: %w", path, err)
	}
	return d, nil
}

// machine executes a pickle's instructions; lengths are checked against the remaining bytes.
type machine struct {
	data  []byte
	stack []any
	memo  map[int]any
}

type (
	mark   struct{}
	tuple  []any
	global string // module and name
)

var errCut = errors.New("cut off")

func parsePickle(data []byte) (d Dict, err error) {
	m := machine{data: data, memo: map[int]any{}}
	for {
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' {
			top, err := m.pop()
			if err != nil {
				return nil, err
			}
			d, ok := top.(Dict)
			if !ok {
				return nil, fmt.Errorf("holds %T, want a dictionary of arrays", top)
			}
			entries := maxEntries
			return d, finish(d, 0, &entries)
		}
		if err := m.do(op[0]); err != nil {
			return nil, err
		}
	}
}

// maxEntries and maxDepth bound the search: a dictionary may contain itself.
const (
	maxEntries = 10_000
	maxDepth   = 32
)

// finish turns the arrays of a dictionary, that deep in others, into their values.
func finish(d Dict, depth int, entries *int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d dictionaries in each other", maxDepth)
	}
	for name, v := range d {
		if *entries--; *entries < 0 {
			return fmt.Errorf("more than %d entries", maxEntries)
		}
		var err error
		switch v := v.(type) {
		case *ndarray:
			d[name], err = v.values()
		case Dict:
			err = finish(v, depth+1, entries)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (m *machine) take(n int) ([]byte, error) {
	if n < 0 || n > len(m.data) {
		return nil, errCut
	}
	b := m.data[:n]
	m.data = m.data[n:]
	return b, nil
}

// sized takes a length of some bytes and then so many bytes.
func (m *machine) sized(width int) ([]byte, error) {
	b, err := m.take(width)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(append(append([]byte{}, b...), make([]byte, 8-width)...))
	if n > uint64(len(m.data)) {
		return nil, errCut
	}
	return m.take(int(n))
}

func (m *machine) line() (string, error) {
	for i, c := range m.data {
		if c == '\n' {
			b, err := m.take(i + 1)
			return string(b[:i]), err
		}
	}
	return "", errCut
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) pop() (any, error) {
	if len(m.stack) == 0 {
		return nil, errors.New("takes from an empty stack")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popMark takes all values down to the mark.
func (m *machine) popMark() (tuple, error) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if _, ok := m.stack[i].(mark); ok {
			t := tuple(append([]any{}, m.stack[i+1:]...))
			m.stack = m.stack[:i]
			return t, nil
		}
	}
	return nil, errors.New("lacks a mark")
}

// popSome takes n values.
func (m *machine) popSome(n int) (tuple, error) {
	if len(m.stack) < n {
		return nil, errors.New("takes from an empty stack")
	}
	t := tuple(append([]any{}, m.stack[len(m.stack)-n:]...))
	m.stack = m.stack[:len(m.stack)-n]
	return t, nil
}
