package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/pickle"
)

// storages reads the storages of floating-point numbers one after the other, each with the names of the tensors that are views of it.
func (t *torchFile) storages(visit func(s *storage, names []string, b []byte) error) error {
	of := map[*storage][]string{}
	for _, name := range slices.Sorted(maps.Keys(t.views)) {
		if s := t.views[name].storage; s.dtype.IsFloat() {
			of[s] = append(of[s], name)
		}
	}
	for s, names := range of {
		b, err := t.read(s)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", names[0], err)
		}
		if len(b) != s.count*s.dtype.Size() {
			return fmt.Errorf("tensor %q: storage of %d bytes, want %d elements of %s", names[0], len(b), s.count, s.dtype)
		}
		for _, name := range names {
			if err := t.views[name].check(); err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
		}
		if err := visit(s, names, b); err != nil {
			return err
		}
	}
	return nil
}

// assemble copies the tensors out of their storages.
func (t *torchFile) assemble() (*File, error) {
	f := &File{Tensors: map[string]Tensor{}}
	err := t.storages(func(s *storage, names []string, b []byte) error {
		values, err := floats(s.dtype, b)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", names[0], err)
		}
		for _, name := range names {
			v := t.views[name]
			f.Tensors[name] = Tensor{Shape: v.shape, Data: pickle.Strided(values, v.offset, v.shape, v.stride)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// raw is the view of a storage with bytes b; as float32 where its elements are not adjacent.
func (v view) raw(b []byte) (Raw, error) {
	if size := v.storage.dtype.Size(); pickle.Adjacent(v.shape, v.stride) {
		total := size
		for _, dim := range v.shape {
			total *= dim
		}
		return Raw{DType: v.storage.dtype, Shape: v.shape, Bytes: b[v.offset*size : v.offset*size+total]}, nil
	}
	x, err := floats(v.storage.dtype, b)
	if err != nil {
		return Raw{}, err
	}
	b = nil
	for _, value := range pickle.Strided(x, v.offset, v.shape, v.stride) {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(value))
	}
	return Raw{DType: F32, Shape: v.shape, Bytes: b}, nil
}

// check wants the view to lie within its storage, which holds as many elements as the view has or more.
func (v view) check() error {
	total, err := byteSize(v.storage.dtype, v.shape)
	count, last := v.storage.count, v.offset
	if err == nil && total == 0 && (v.offset < 0 || v.offset > count) {
		return fmt.Errorf("shape = %v from element %d on, but the storage has %d", v.shape, v.offset, count)
	}
	if err != nil || total == 0 {
		return err
	}
	if total > int64(count*v.storage.dtype.Size()) {
		return fmt.Errorf("shape = %v, but the storage has %d elements", v.shape, count)
	}
	for i, stride := range v.stride {
		if stride > 0 && v.shape[i]-1 > count/stride {
			return fmt.Errorf("stride = %v for shape %v, but the storage has %d elements", v.stride, v.shape, count)
		}
		last += (v.shape[i] - 1) * stride
	}
	if v.offset < 0 || last < v.offset || last >= count {
		return fmt.Errorf("shape = %v from element %d on, but the storage has %d", v.shape, v.offset, count)
	}
	return nil
}

// readSome reads n bytes; memory grows only with what is there.
func readSome(r io.Reader, n int64) ([]byte, error) {
	const trust = 64 << 20 // so much is made on the word of the file alone
	var b []byte
	for int64(len(b)) < n {
		b = slices.Grow(b, int(min(n-int64(len(b)), max(trust, int64(len(b))))))
		m, err := io.ReadFull(r, b[len(b):min(int64(cap(b)), n)])
		b = b[:len(b)+m]
		if err != nil {
			return nil, fmt.Errorf("%d bytes, want %d (cut short?)", len(b), n)
		}
	}
	return b, nil
}
