package weights

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// assemble reads the storages one after the other and copies the tensors out of them.
func assemble(views map[string]view, read func(*storage) ([]byte, error)) (*File, error) {
	of := map[*storage][]string{}
	for _, name := range slices.Sorted(maps.Keys(views)) {
		of[views[name].storage] = append(of[views[name].storage], name)
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
		for _, name := range names {
			v := views[name]
			dense, err := v.dense(b)
			if err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
			if err := f.add(entry{name: name, dtype: s.dtype, shape: v.shape}, dense); err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
		}
	}
	return f, nil
}

// dense are the elements of the view, rows first.
func (v view) dense(b []byte) ([]byte, error) {
	total, err := byteSize(v.storage.dtype, v.shape)
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return nil, nil
	}
	if total > int64(len(b)) {
		return nil, fmt.Errorf("shape = %v, but the storage has %d elements", v.shape, v.storage.count)
	}
	size, last, contiguous, step := v.storage.dtype.Size(), v.offset, true, 1
	for i := len(v.shape) - 1; i >= 0; i-- {
		if v.stride[i] > 0 && v.shape[i]-1 > v.storage.count/v.stride[i] {
			return nil, fmt.Errorf("stride = %v for shape %v, but the storage has %d elements", v.stride, v.shape, v.storage.count)
		}
		last += (v.shape[i] - 1) * v.stride[i]
		contiguous = contiguous && (v.shape[i] == 1 || v.stride[i] == step)
		step *= v.shape[i]
	}
	if v.offset < 0 || last < v.offset || last >= v.storage.count {
		return nil, fmt.Errorf("shape = %v from element %d on, but the storage has %d", v.shape, v.offset, v.storage.count)
	}
	if contiguous {
		return b[v.offset*size:][:total], nil
	}
	out := make([]byte, 0, total)
	at := make([]int, len(v.shape))
	for int64(len(out)) < total {
		i := v.offset
		for axis, n := range at {
			i += n * v.stride[axis]
		}
		out = append(out, b[i*size:(i+1)*size]...)
		for axis := len(at) - 1; axis >= 0; axis-- {
			if at[axis]++; at[axis] < v.shape[axis] {
				break
			}
			at[axis] = 0
		}
	}
	return out, nil
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
