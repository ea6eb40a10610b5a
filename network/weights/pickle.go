package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/addlab/addlab/internal/pickle"
)

// maxPickle is the longest pickle that is read. It holds names and shapes only; the numbers are elsewhere in the file.
const maxPickle = 64 << 20

// storage is the memory that tensors of a PyTorch file are views of.
type storage struct {
	dtype DType
	key   string
	count int
	at    int64 // of a persistent object: where in the file its elements begin
}

// view is a tensor of a PyTorch file.
type view struct {
	storage       *storage
	offset        int
	shape, stride []int
}

// torchNames are the classes of storages, and the functions that make tensors.
var torchNames = pickle.Names{
	"torch.FloatStorage": F32, "torch.DoubleStorage": F64, "torch.HalfStorage": F16, "torch.BFloat16Storage": BF16,
	"torch.LongStorage": I64, "torch.IntStorage": I32, "torch.ShortStorage": I16, "torch.CharStorage": I8,
	"torch.ByteStorage": U8, "torch.BoolStorage": Bool,
	"torch._utils._rebuild_tensor_v2": pickle.Function(rebuildTensor),
	"torch._utils._rebuild_parameter": pickle.Function(func(args []any) (any, error) {
		if len(args) == 0 {
			return nil, errors.New("parameter without a tensor")
		}
		return args[0], nil
	}),
}

// unpickle reads a pickle of PyTorch; storages are described, not read.
func unpickle(r *bufio.Reader) (value any, storages map[string]*storage, err error) {
	storages = map[string]*storage{}
	value, err = pickle.Read(r, maxPickle, torchNames, func(id any) (any, error) {
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
			s = &storage{dtype: d, key: key, count: count}
			storages[key] = s
		}
		if s.dtype != d || s.count != count {
			return nil, fmt.Errorf("storage %q is described twice", key)
		}
		return s, nil
	})
	return value, storages, err
}

// rebuildTensor takes storage, offset, size and stride; what follows concerns training.
func rebuildTensor(args []any) (any, error) {
	if len(args) < 4 {
		return nil, errors.New("tensor: want storage, offset, size and stride")
	}
	s, ok1 := args[0].(*storage)
	offset, ok2 := args[1].(int)
	shape, ok3 := pickle.Naturals(args[2])
	stride, ok4 := pickle.Naturals(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) {
		return nil, errors.New("tensor: want storage, offset, size and stride")
	}
	return view{s, offset, shape, stride}, nil
}

// legacyStart reads the pickles that a file of torch.save begins with in the format before 1.6: magic number, version and machine.
func legacyStart(r *bufio.Reader) error {
	for i := range 3 {
		value, _, err := unpickle(r)
		if err != nil {
			return fmt.Errorf("%w (not a file of torch.save?)", err)
		}
		switch i {
		case 0:
			if n, ok := value.(*big.Int); !ok || n.Text(16) != "1950a86a20f9469cfc6c" {
				return errors.New("magic number is not PyTorch's")
			}
		case 1:
			if v, ok := value.(int); !ok {
				return fmt.Errorf("protocol version is a %T, want 1001", value)
			} else if v != 1001 {
				return fmt.Errorf("protocol version = %d, want 1001", v)
			}
		}
	}
	return nil
}

// parseLegacy reads four pickles (magic number, version, machine, state dict); a fifth and the storages follow.
func parseLegacy(r *bufio.Reader, size int64) (*torchFile, error) {
	if err := legacyStart(r); err != nil {
		return nil, err
	}
	views, storages, err := stateDict(r)
	if err != nil {
		return nil, fmt.Errorf("%w (not a file of torch.save?)", err)
	}
	var bytes map[string][]byte
	return &torchFile{views: views, read: func(s *storage) ([]byte, error) {
		if bytes == nil {
			var err error
			if bytes, err = legacyStorages(r, size, views, storages); err != nil {
				return nil, err
			}
		}
		b, ok := bytes[s.key]
		if !ok {
			return nil, fmt.Errorf("storage %s is missing", s.key)
		}
		delete(bytes, s.key)
		return b, nil
	}}, nil
}

// legacyStorages reads the keys of storages, then the storages, of which it keeps those of tensors.
func legacyStorages(r *bufio.Reader, size int64, views map[string]view, storages map[string]*storage) (map[string][]byte, error) {
	list, _, err := unpickle(r)
	if err != nil {
		return nil, fmt.Errorf("%w (not a file of torch.save?)", err)
	}
	keys, ok := list.(*types.List)
	if !ok {
		return nil, errors.New("want a list of storages")
	}
	used := map[string]bool{}
	for _, v := range views {
		used[v.storage.key] = true
	}
	bytes := map[string][]byte{}
	for _, k := range *keys {
		key, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("key of a storage is a %T, want text", k)
		}
		s := storages[key]
		if s == nil {
			return nil, fmt.Errorf("storage %q belongs to no tensor", key)
		}
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, fmt.Errorf("storage %s: %w (cut short?)", key, err)
		}
		n := int64(binary.LittleEndian.Uint64(head[:]))
		if n != int64(s.count) || n > size {
			return nil, fmt.Errorf("storage %s: %d elements, want %d", key, n, s.count)
		}
		if !used[key] { // an optimizer's
			if _, err := io.CopyN(io.Discard, r, n*int64(s.dtype.Size())); err != nil {
				return nil, fmt.Errorf("storage %s: %w (cut short?)", key, err)
			}
			continue
		}
		b, err := readSome(r, n*int64(s.dtype.Size()))
		if err != nil {
			return nil, fmt.Errorf("storage %s: %w", key, err)
		}
		bytes[key] = b
	}
	return bytes, nil
}
