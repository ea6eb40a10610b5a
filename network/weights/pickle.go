package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// maxPickle is the longest pickle that is read. It holds names and shapes only; the numbers are in other files of the archive.
const maxPickle = 64 << 20

// pickleArgs tells the argument of every instruction that a state dict needs: a number of bytes, or one of the kinds below.
// Anything else, such as instructions that make objects of any class, is refused before it is carried out.
var pickleArgs = map[byte]int{
	0x80: 1, '(': 0, '.': 0, ')': 0, '}': 0, ']': 0, 't': 0, 0x85: 0, 0x86: 0, 0x87: 0, // PROTO, MARK, STOP, empty containers, tuples
	's': 0, 'u': 0, 'a': 0, 'e': 0, 'b': 0, 'R': 0, 'Q': 0, 'N': 0, 0x88: 0, 0x89: 0, // SETITEM(S), APPEND(S), BUILD, REDUCE, BINPERSID, None, booleans
	'q': 1, 'r': 4, 'h': 1, 'j': 4, 0x94: 0, 'K': 1, 'M': 2, 'J': 4, 'G': 8, // the memo and numbers
	'X': sized32, 'T': sized32, 'U': sized8, 0x8c: sized8, 0x8a: sized8, 0x95: frame, 'c': twoLines, 0x93: 0, // text, long integers, FRAME, GLOBAL
}

const (
	sized8   = -1 - iota // one byte of length, then so many bytes
	sized32              // four bytes of length
	frame                // eight bytes of length of what follows
	twoLines             // module and name
)

// takePickle copies one pickle from r, up to its STOP.
func takePickle(r *bufio.Reader) (string, error) {
	var all strings.Builder
	take := func(n int64) ([]byte, error) {
		if n < 0 || n > maxPickle || int64(all.Len())+n > maxPickle {
			return nil, fmt.Errorf("pickle of more than %d bytes", maxPickle)
		}
		from := all.Len()
		if m, err := io.CopyN(&all, r, n); err != nil {
			return nil, fmt.Errorf("pickle ends early (%d of %d bytes): %w", m, n, err)
		}
		return []byte(all.String()[from:]), nil
	}
	for {
		op, err := take(1)
		if err != nil {
			return "", err
		}
		arg, known := pickleArgs[op[0]]
		if !known {
			return "", fmt.Errorf("pickle has instruction %q, which no state dict needs", op)
		}
		switch arg {
		case sized8, sized32:
			n := map[int]int64{sized8: 1, sized32: 4}[arg]
			b, err := take(n)
			if err != nil {
				return "", err
			}
			if _, err := take(int64(binary.LittleEndian.Uint32(append(b, 0, 0, 0)))); err != nil {
				return "", err
			}
		case frame:
			b, err := take(8)
			if err != nil {
				return "", err
			}
			if binary.LittleEndian.Uint64(b) > maxPickle {
				return "", fmt.Errorf("pickle of more than %d bytes", maxPickle)
			}
		case twoLines:
			for range 2 {
				line, err := r.ReadSlice('\n')
				if err != nil {
					return "", errors.New("pickle names a class without end")
				}
				all.Write(line)
			}
		default:
			if _, err := take(int64(arg)); err != nil {
				return "", err
			}
		}
		if op[0] == '.' {
			return all.String(), nil
		}
	}
}

// unpickle reads a pickle of PyTorch; storages are described, not read. Classes that a state dict does not need are errors, and
// nothing of the file is ever called.
func unpickle(text string) (value any, storages map[string]*storage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("pickle: %v", r)
		}
	}()
	storages = map[string]*storage{}
	u := pickle.NewUnpickler(strings.NewReader(text))
	u.FindClass = func(module, name string) (any, error) {
		if d, ok := storageDTypes[name]; ok && module == "torch" {
			return d, nil
		}
		switch module + "." + name {
		case "torch._utils._rebuild_tensor_v2":
			return call(rebuildTensor), nil
		case "torch._utils._rebuild_parameter":
			return call(func(args []any) (any, error) {
				if len(args) == 0 {
					return nil, errors.New("parameter without a tensor")
				}
				return args[0], nil
			}), nil
		}
		return nil, fmt.Errorf("file asks for %s.%s, want tensors only (its code is not run)", module, name)
	}
	u.PersistentLoad = func(id any) (any, error) {
		t, ok := id.(*types.Tuple)
		if !ok || t.Len() < 5 {
			return nil, errors.New("storage: want a tuple of type, class, key, place and size")
		}
		d, ok1 := t.Get(1).(DType)
		key, ok2 := t.Get(2).(string)
		count, ok3 := t.Get(4).(int)
		if !ok1 || !ok2 || !ok3 || count < 0 {
			return nil, errors.New("storage: want a tuple of type, class, key, place and size")
		}
		if t.Len() > 5 && t.Get(5) != nil {
			return nil, errors.New("storage: views of storages are not known")
		}
		s := storages[key]
		if s == nil {
			s = &storage{d, key, count}
			storages[key] = s
		}
		if s.dtype != d || s.count != count {
			return nil, fmt.Errorf("storage %q is described twice", key)
		}
		return s, nil
	}
	value, err = u.Load()
	return value, storages, err
}

// call is a function that a pickle may use.
type call func(args []any) (any, error)

// Call is gopickle's interface.
func (c call) Call(args ...any) (any, error) { return c(args) }
