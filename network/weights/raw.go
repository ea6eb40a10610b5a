package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"math/bits"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/addlab/addlab/internal/atomicfile"
)

// maxHeader is the longest JSON header that safetensors accepts.
const maxHeader = 100_000_000

// metadataKey is the header entry that holds text about the file instead of a tensor.
const metadataKey = "__metadata__"

// Raw is a tensor as the file holds it: little-endian bytes, rows first.
type Raw struct {
	DType DType
	Shape []int
	Bytes []byte
}

// RawFile is a safetensors file without any conversion, for exact copies of every element type.
type RawFile struct {
	Tensors  map[string]Raw
	Metadata map[string]string
}

// ReadRaw reads a safetensors file bit by bit.
func ReadRaw(path string) (*RawFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	raw, err := decode(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return raw, nil
}

// WriteRaw writes f atomically; equal files give equal bytes.
func WriteRaw(path string, f *RawFile) error {
	return WriteEach(path, f, f.bytes)
}

func (f *RawFile) bytes(name string, write func([]byte) error) error {
	return write(f.Tensors[name].Bytes)
}

// WriteEach is WriteRaw for tensors whose bytes are not in f: read hands those of one at a time to write, so that gigabytes need no second
// copy in memory.
func WriteEach(path string, f *RawFile, read func(name string, write func([]byte) error) error) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return f.encode(w, read) })
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// decode reads a file of the given size. Nothing is allocated on the word of the header alone.
func decode(r io.Reader, size int64) (*RawFile, error) {
	entries, metadata, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	f := &RawFile{Tensors: make(map[string]Raw, len(entries)), Metadata: metadata}
	for _, e := range entries {
		b := make([]byte, e.end-e.begin)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		f.Tensors[e.name] = Raw{DType: e.dtype, Shape: e.shape, Bytes: b}
	}
	return f, nil
}

// checkLayout wants the entries, sorted by offset, to fill the data without gaps or overlaps, each as long as its shape says.
func checkLayout(entries []entry, data int64) error {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	at := int64(0)
	for _, e := range entries {
		want, err := byteSize(e.dtype, e.shape)
		switch {
		case err != nil:
			return fmt.Errorf("tensor %q: %w", e.name, err)
		case e.begin < at:
			return fmt.Errorf("tensor %q: begins at %d inside the tensor before it, which ends at %d", e.name, e.begin, at)
		case e.begin > at:
			return fmt.Errorf("tensor %q: begins at %d, want %d (a gap)", e.name, e.begin, at)
		case e.end < e.begin || e.end-e.begin != want:
			return fmt.Errorf("tensor %q: data_offsets = [%d, %d], want %d bytes for %s %v", e.name, e.begin, e.end, want, e.dtype, e.shape)
		case e.end > data:
			return fmt.Errorf("tensor %q: ends at %d, but the file holds %d bytes of data (cut short?)", e.name, e.end, data)
		}
		at = e.end
	}
	if at != data {
		return fmt.Errorf("file holds %d bytes of data, the tensors fill %d", data, at)
	}
	return nil
}

// byteSize is the number of bytes of a tensor, with overflow an error.
func byteSize(d DType, shape []int) (int64, error) {
	if d.Size() == 0 {
		return 0, fmt.Errorf("dtype = %q, want one of BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64", string(d))
	}
	n := uint64(d.Size())
	for _, dim := range shape {
		if dim < 0 {
			return 0, fmt.Errorf("shape = %v, want dimensions ≥ 0", shape)
		}
		hi, lo := bits.Mul64(n, uint64(dim))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("shape = %v, want fewer than 2⁶³ bytes", shape)
		}
		n = lo
	}
	return int64(n), nil
}

// encode writes the file as Python's safetensors does: wider types first, then by name, the header padded to 8 bytes.
func (f *RawFile) encode(w io.Writer, read func(name string, write func([]byte) error) error) error {
	names := slices.SortedFunc(maps.Keys(f.Tensors), func(a, b string) int {
		return cmp.Or(cmp.Compare(known[f.Tensors[b].DType].rank, known[f.Tensors[a].DType].rank), cmp.Compare(a, b))
	})

	header := []byte{'{'}
	if len(f.Metadata) > 0 {
		header = appendMember(header, metadataKey, f.Metadata)
	}
	at := int64(0)
	for _, name := range names {
		t := f.Tensors[name]
		if name == metadataKey || !utf8.ValidString(name) {
			return fmt.Errorf("tensor %q: name is reserved or not UTF-8", name)
		}
		size, err := byteSize(t.DType, t.Shape)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		header = appendMember(header, name, tensorHeader{t.DType, t.Shape, []int64{at, at + size}})
		at += size
	}
	header = append(bytes.TrimSuffix(header, []byte{','}), '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header) > maxHeader {
		return fmt.Errorf("header has %d bytes, want ≤ %d", len(header), maxHeader)
	}

	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, name := range names {
		err := read(name, func(b []byte) error {
			t := f.Tensors[name]
			if size, _ := byteSize(t.DType, t.Shape); size != int64(len(b)) {
				return fmt.Errorf("tensor %q: has %d bytes, want %d for %s %v", name, len(b), size, t.DType, t.Shape)
			}
			_, err := w.Write(b)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// appendMember appends a member of a JSON object, which always has a JSON form, and a comma.
func appendMember(b []byte, name string, v any) []byte {
	for _, part := range []any{name, v} {
		text, err := json.Marshal(part, json.Deterministic(true))
		if err != nil {
			panic(err)
		}
		b = append(append(b, text...), ':')
	}
	b[len(b)-1] = ','
	return b
}
