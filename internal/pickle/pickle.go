// Package pickle reads pickles of Python without running code: a file can only use the functions and classes that its reader knows.
package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// Function is a function that a pickle may call.
type Function func(args []any) (any, error)

// Call is gopickle's interface.
func (f Function) Call(args ...any) (any, error) { return f(args) }

// Names are the functions and classes that a pickle may use, by module and name.
type Names map[string]any

// Read reads one pickle of at most limit bytes, up to its STOP and no further. load resolves persistent ids. Containers may hold
// themselves: never print a value.
func Read(r *bufio.Reader, limit int64, names Names, load func(id any) (any, error)) (value any, err error) {
	text, err := take(r, limit)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("pickle: %v", r)
		}
	}()
	u := pickle.NewUnpickler(bytes.NewReader(text))
	u.FindClass = func(module, name string) (any, error) {
		if known, ok := names[module+"."+name]; ok {
			return known, nil
		}
		return nil, fmt.Errorf("pickle asks for %s.%s, want tensors or arrays only (its code is not run)", module, name)
	}
	u.PersistentLoad = load
	return u.Load()
}

// arguments tells the argument of every instruction that tensors and arrays need: a number of bytes, or one of the kinds below.
// Anything else, such as instructions that make objects of any class, is refused before it is carried out.
var arguments = map[byte]int{
	0x80: 1, '(': 0, '.': 0, ')': 0, '}': 0, ']': 0, 't': 0, 0x85: 0, 0x86: 0, 0x87: 0, // PROTO, MARK, STOP, empty containers, tuples
	's': 0, 'u': 0, 'a': 0, 'e': 0, 'b': 0, 'R': 0, 'Q': 0, 'N': 0, 0x88: 0, 0x89: 0, // SETITEM(S), APPEND(S), BUILD, REDUCE, BINPERSID, None, booleans
	'q': 1, 'r': 4, 'h': 1, 'j': 4, 0x94: 0, 'K': 1, 'M': 2, 'J': 4, 'G': 8, // the memo and numbers
	'X': sized32, 'T': sized32, 'U': sized8, 0x8c: sized8, 0x8d: sized64, 0x8a: sized8, // text, long integers
	'C': sized8, 'B': sized32, 0x8e: sized64, 0x96: sized64, // bytes
	0x95: frame, 'c': twoLines, 0x93: 0, // FRAME, GLOBAL
}

const (
	sized8   = -1  // one byte of length, then so many bytes
	sized32  = -4  // four bytes of length
	sized64  = -8  // eight bytes of length
	frame    = -9  // eight bytes, the length of a part
	twoLines = -10 // module and name
)

// take copies one pickle, up to its STOP, without the frames around its parts. Memory grows only with what is there.
func take(r *bufio.Reader, limit int64) ([]byte, error) {
	var all bytes.Buffer
	next := func(n uint64) ([]byte, error) {
		from := all.Len()
		if n > uint64(max(limit-int64(from), 0)) {
			return nil, fmt.Errorf("pickle of more than %d bytes", limit)
		}
		if m, err := io.CopyN(&all, r, int64(n)); err != nil {
			return nil, fmt.Errorf("pickle ends early (%d of %d bytes): %w", m, n, err)
		}
		return all.Bytes()[from:], nil
	}
	for {
		op, err := next(1)
		if err != nil {
			return nil, err
		}
		arg, known := arguments[op[0]]
		if !known {
			return nil, fmt.Errorf("pickle has instruction %q, which neither tensors nor arrays need", op)
		}
		switch stop := op[0] == '.'; {
		case stop:
			return all.Bytes(), nil
		case arg == frame:
			if _, err = next(8); err == nil {
				all.Truncate(all.Len() - 9)
			}
		case arg == twoLines:
			for i := 0; i < 2 && err == nil; i++ {
				var line []byte
				if line, err = r.ReadSlice('\n'); err != nil {
					err = fmt.Errorf("pickle names a class without end: %w", err)
				}
				all.Write(line)
			}
		case arg >= 0:
			_, err = next(uint64(arg))
		default: // a length of so many bytes
			var b []byte
			var n [8]byte
			if b, err = next(uint64(-arg)); err == nil {
				copy(n[:], b)
				_, err = next(binary.LittleEndian.Uint64(n[:]))
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// Naturals are the numbers of a tuple of whole numbers ≥ 0, as shapes and strides are.
func Naturals(tuple any) (numbers []int, ok bool) {
	t, ok := tuple.(*types.Tuple)
	if !ok {
		return nil, false
	}
	numbers = make([]int, t.Len())
	for i := range numbers {
		if numbers[i], ok = t.Get(i).(int); !ok || numbers[i] < 0 {
			return nil, false
		}
	}
	return numbers, true
}

// Strided are the elements of a view of an array, rows first: element (i, j, …) is data[offset + i·stride[0] + j·stride[1] + …].
// They share memory with data where they are adjacent there.
func Strided[T any](data []T, offset int, shape, stride []int) []T {
	total, adjacent := 1, true
	for axis := len(shape) - 1; axis >= 0; axis-- {
		adjacent = adjacent && (stride[axis] == total || shape[axis] == 1)
		total *= shape[axis]
	}
	if adjacent && total > 0 {
		return data[offset : offset+total]
	}
	out, index := make([]T, 0, total), make([]int, len(shape))
	for len(out) < total {
		at := offset
		for axis, i := range index {
			at += i * stride[axis]
		}
		out = append(out, data[at])
		for axis := len(index) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
	return out
}
