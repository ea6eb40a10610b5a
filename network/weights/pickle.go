package weights

import (
	"bufio"
	"errors"
	"fmt"

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
			s = &storage{d, key, count}
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
