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

// Class is a class that a pickle may make objects of, by the function that makes one.
type Class func(args []any) (any, error)

// PyNew is gopickle's interface.
func (c Class) PyNew(args ...any) (any, error) { return c(args) }

// Names are the functions and classes that a pickle may use, by module and name.
type Names map[string]any

// Read reads one pickle of at most limit bytes, up to its STOP and no further. load resolves persistent ids. Containers may hold
// themselves: never print a value.
func Read(r *bufio.Reader, limit int64, names Names, load func(id any) (any, error)) (value any, err error) {
	text, err := take(r, limit, nil)
	if err != nil {
		return nil, err
	}
	return run(text, names, load)
}

// ReadLarge is Read for a pickle of size bytes that is mostly byte strings: each of 256 bytes or more stays where it is and is an
// *io.SectionReader of r. limit bounds the rest. There are no persistent ids.
func ReadLarge(r io.ReaderAt, size, limit int64, names Names) (any, error) {
	var strings []*io.SectionReader
	text, err := take(bufio.NewReader(io.NewSectionReader(r, 0, size)), limit, func(at int64, n uint64) (int, error) {
		if n > uint64(size-at) {
			return 0, fmt.Errorf("pickle ends early (%d of %d bytes of a string; cut short?)", size-at, n)
		}
		strings = append(strings, io.NewSectionReader(r, at, int64(n)))
		return len(strings) - 1, nil
	})
	if err != nil {
		return nil, err
	}
	return run(text, names, func(id any) (any, error) { return strings[id.(int)], nil }) // take has put them there
}

// run executes a pickle that take has admitted.
func run(text []byte, names Names, load func(id any) (any, error)) (value any, err error) {
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
	0x81: 0, 0x8f: 0, 0x90: 0, // NEWOBJ of a class that the reader knows, EMPTY_SET, ADDITEMS
}

const (
	sized8   = -1  // one byte of length, then so many bytes
	sized32  = -4  // four bytes of length
	sized64  = -8  // eight bytes of length
	frame    = -9  // eight bytes, the length of a part
	twoLines = -10 // module and name
)

// take copies one pickle, up to its STOP, without the frames around its parts. Memory grows only with what is there. If large is given, it
// is told of place and length of every long byte string, which is left out: its number becomes a persistent id.
func take(r *bufio.Reader, limit int64, large func(at int64, n uint64) (int, error)) ([]byte, error) {
	var all bytes.Buffer
	var at int64 // in the file
	next := func(n uint64) ([]byte, error) {
		from := all.Len()
		if n > uint64(max(limit-int64(from), 0)) {
			return nil, fmt.Errorf("pickle of more than %d bytes", limit)
		}
		if m, err := io.CopyN(&all, r, int64(n)); err != nil {
			return nil, fmt.Errorf("pickle ends early (%d of %d bytes): %w", m, n, err)
		}
		at += int64(n)
		return all.Bytes()[from:], nil
	}
	for {
		op, err := next(1)
		if err != nil {
			return nil, err
		}
		arg, known := arguments[op[0]]
		if known = known && (large == nil || op[0] != 'Q'); !known {
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
				at += int64(len(line))
			}
		case arg >= 0:
			_, err = next(uint64(arg))
		default: // a length of so many bytes
			kind := op[0]
			var b []byte
			var n [8]byte
			if b, err = next(uint64(-arg)); err != nil {
				break
			}
			copy(n[:], b)
			length := binary.LittleEndian.Uint64(n[:])
			if large == nil || kind != 'B' && kind != 0x8e {
				_, err = next(length)
				break
			}
			var id int
			if id, err = large(at, length); err == nil {
				all.Truncate(all.Len() - 1 + arg)
				all.Write(append(binary.LittleEndian.AppendUint32([]byte{'J'}, uint32(id)), 'Q'))
				_, err = r.Discard(int(length))
				at += int64(length)
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

// Adjacent tells whether the elements of a view of an array lie one after the other, rows first.
func Adjacent(shape, stride []int) bool {
	total, adjacent := 1, true
	for axis := len(shape) - 1; axis >= 0; axis-- {
		adjacent = adjacent && (stride[axis] == total || shape[axis] == 1)
		total *= shape[axis]
	}
	return adjacent && total > 0
}

// Strided are the elements of a view of an array, rows first: element (i, j, …) is data[offset + i·stride[0] + j·stride[1] + …].
// They share memory with data where they are adjacent there.
func Strided[T any](data []T, offset int, shape, stride []int) []T {
	total := 1
	for _, dim := range shape {
		total *= dim
	}
	if Adjacent(shape, stride) {
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
