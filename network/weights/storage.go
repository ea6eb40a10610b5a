package weights

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/addlab/addlab/internal/pickle"
)

// assemble reads the storages of floating-point numbers one after the other and copies the tensors out of them.
func assemble(views map[string]view, read func(*storage) ([]byte, error)) (*File, error) {
	of := map[*storage][]string{}
	for _, name := range slices.Sorted(maps.Keys(views)) {
		if s := views[name].storage; s.dtype.IsFloat() {
			of[s] = append(of[s], name)
		}
	}
	f := &File{Tensors: map[string]Tensor{}}
	for s, names := range of {
		b, err := read(s)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", names[0], err)
		}
		if len(b) != s.count*s.dtype.Size() {
			return nil, fmt.Errorf("tensor %q: storage of %d bytes, want %d elements of %s", names[0], len(b), s.count, s.dtype)
		}
		values, err := floats(s.dtype, b)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", names[0], err)
		}
		for _, name := range names {
			if err := views[name].check(); err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
			v := views[name]
			f.Tensors[name] = Tensor{Shape: v.shape, Data: pickle.Strided(values, v.offset, v.shape, v.stride)}
		}
	}
	return f, nil
}

// check wants the view to lie within its storage, which holds as many elements as the view has or more.
func (v view) check() error {
	total, err := byteSize(v.storage.dtype, v.shape)
	if err != nil || total == 0 {
		return err
	}
	count, last := v.storage.count, v.offset
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
