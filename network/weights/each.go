package weights

import (
	"fmt"
	"io"
	"os"
)

// Header is a safetensors file without the bytes of its tensors.
func Header(path string) (*RawFile, error) {
	f := &RawFile{Tensors: map[string]Raw{}}
	var err error
	f.Metadata, err = each(path, func(_ io.Reader, e entry) error {
		f.Tensors[e.name] = Raw{DType: e.dtype, Shape: e.shape}
		return nil
	})
	return f, err
}

// Each reads a safetensors file tensor by tensor, in the order of the file: gigabytes need no second copy in memory. The bytes are valid
// until visit returns.
func Each(path string, visit func(name string, t Raw) error) error {
	var buffer []byte
	_, err := each(path, func(r io.Reader, e entry) error {
		if n := e.end - e.begin; int64(cap(buffer)) < n {
			buffer = make([]byte, n)
		}
		buffer = buffer[:e.end-e.begin]
		if _, err := io.ReadFull(r, buffer); err != nil {
			return fmt.Errorf("tensor %q: %w", e.name, err)
		}
		return visit(e.name, Raw{DType: e.dtype, Shape: e.shape, Bytes: buffer})
	})
	return err
}

func each(path string, visit func(r io.Reader, e entry) error) (metadata map[string]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	entries, metadata, err := readHeader(f, info.Size())
	for _, e := range entries {
		if err == nil {
			err = visit(f, e)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return metadata, nil
}

// Floats decodes the elements of a floating-point tensor.
func (t Raw) Floats() ([]float32, error) { return floats(t.DType, t.Bytes) }
