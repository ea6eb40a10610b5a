package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Tensor holds values in float32, rows first, whatever the file's type.
type Tensor struct {
	Shape []int
	Data  []float32
}

// File is the floating-point content of a file of weights. Integers, such as position_ids of some PyTorch models, are constants of the
// code and left out.
type File struct {
	Tensors  map[string]Tensor
	Metadata map[string]string // where the weights come from, in the words of their maker
}

// Read reads a safetensors file; F16, BF16, F32 and F64 become float32.
func Read(path string) (*File, error) {
	raw, err := ReadRaw(path)
	if err != nil {
		return nil, err
	}
	f, err := raw.floats()
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return f, nil
}

// floats converts the floating-point tensors and lets go of their bytes one by one.
func (f *RawFile) floats() (*File, error) {
	out := &File{Tensors: map[string]Tensor{}, Metadata: f.Metadata}
	for name, t := range f.Tensors {
		if t.DType.IsFloat() {
			x, err := floats(t.DType, t.Bytes)
			if err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
			out.Tensors[name] = Tensor{Shape: t.Shape, Data: x}
		}
		delete(f.Tensors, name)
	}
	return out, nil
}

// Write writes f atomically with its tensors as dtype, F16 or F32; equal files give equal bytes.
// A value that is not finite, or too large for F16, is an error: such weights are broken.
func Write(path string, f *File, dtype DType) error {
	if dtype != F16 && dtype != F32 {
		return fmt.Errorf("weights: dtype = %q, want F16 or F32", string(dtype))
	}
	raw := &RawFile{Tensors: make(map[string]Raw, len(f.Tensors)), Metadata: f.Metadata}
	for name, t := range f.Tensors {
		raw.Tensors[name] = Raw{DType: dtype, Shape: t.Shape}
	}
	var b []byte // of one tensor: all of them may be gigabytes
	return WriteEach(path, raw, func(name string, write func([]byte) error) (err error) {
		if b, err = encode(b[:0], dtype, f.Tensors[name].Data); err != nil {
			return fmt.Errorf("write %s: tensor %q: %w", path, name, err)
		}
		return write(b)
	})
}

// SHA256 is the hexadecimal SHA-256 of a file, the name of the weights in a run's config.
func SHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("weights: %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
