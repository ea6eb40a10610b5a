package weights

import (
	"crypto/sha256"
	"encoding/binary"
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

// IntTensor holds integers and booleans, such as the position_ids that some PyTorch models carry.
type IntTensor struct {
	Shape []int
	Data  []int64
}

// File is the content of a safetensors file.
type File struct {
	Tensors  map[string]Tensor
	Ints     map[string]IntTensor // nil where the file has none
	Metadata map[string]string    // where the weights come from, in the words of their maker
}

// Read reads a safetensors file; F16, BF16, F32 and F64 become float32, every other type int64.
func Read(path string) (*File, error) {
	f := &File{Tensors: map[string]Tensor{}}
	var err error
	f.Metadata, err = readFile(path, f.add)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// add converts one tensor of a file.
func (f *File) add(e entry, b []byte) error {
	if e.dtype.IsFloat() {
		x, err := floats(e.dtype, b)
		f.Tensors[e.name] = Tensor{Shape: e.shape, Data: x}
		return err
	}
	if f.Ints == nil {
		f.Ints = map[string]IntTensor{}
	}
	x, err := ints(e.dtype, b)
	f.Ints[e.name] = IntTensor{Shape: e.shape, Data: x}
	return err
}

// Write writes f atomically with its tensors as dtype, F16 or F32, and its integers as I64; equal files give equal bytes.
// A value that is not finite, or too large for F16, is an error: such weights are broken.
func Write(path string, f *File, dtype DType) error {
	if dtype != F16 && dtype != F32 {
		return fmt.Errorf("weights: dtype = %q, want F16 or F32", string(dtype))
	}
	raw := &RawFile{Tensors: make(map[string]Raw, len(f.Tensors)+len(f.Ints)), Metadata: f.Metadata}
	for name, t := range f.Tensors {
		b, err := encode(dtype, t.Data)
		if err != nil {
			return fmt.Errorf("weights: write %s: tensor %q: %w", path, name, err)
		}
		raw.Tensors[name] = Raw{DType: dtype, Shape: t.Shape, Bytes: b}
	}
	for name, t := range f.Ints {
		if _, twice := raw.Tensors[name]; twice {
			return fmt.Errorf("weights: write %s: tensor %q is both in Tensors and in Ints", path, name)
		}
		var b []byte
		for _, v := range t.Data {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		raw.Tensors[name] = Raw{DType: I64, Shape: t.Shape, Bytes: b}
	}
	return WriteRaw(path, raw)
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
