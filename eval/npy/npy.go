package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/addlab/addlab/internal/pickle"
)

// Number is an element type of arrays.
type Number interface {
	uint8 | int32 | int64 | float32 | float64
}

// Array holds values with the last index running fastest, whatever order the file has.
type Array[T Number] struct {
	Shape []int
	Data  []T // as many as the product of Shape
}

const magic = "\x93NUMPY"

// maxBytes bounds one array: a few bytes of a header can claim any shape, and a few of a zip can unpack to any length.
const maxBytes = 16 << 30

// maxHeader bounds the header, which is a short dictionary.
const maxHeader = 64 << 10

// ReadFile reads a .npy file.
func ReadFile[T Number](path string) (Array[T], error) {
	f, err := os.Open(path)
	if err != nil {
		return Array[T]{}, fmt.Errorf("npy: %w", err)
	}
	defer f.Close()
	a, err := Read[T](f)
	if err != nil {
		return a, fmt.Errorf("npy: %s: %w", path, err)
	}
	return a, nil
}

// Read reads one array of format 1, 2 or 3. Memory grows with the data, not with the size that the header claims.
func Read[T Number](r io.Reader) (a Array[T], err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	h, err := readHeader(in)
	if err != nil {
		return a, err
	}
	a.Shape = h.shape
	n, err := h.values()
	if err != nil {
		return a, err
	}
	const block = 1 << 14
	raw := make([]byte, block*h.width)
	a.Data = make([]T, 0, min(n, 1<<20))
	for len(a.Data) < n {
		part := raw[:min(block, n-len(a.Data))*h.width]
		if _, err := io.ReadFull(in, part); err != nil {
			return a, fmt.Errorf("cut off within the values of shape %v: %w", h.shape, noEOF(err))
		}
		a.Data = appendValues(a.Data, part, h)
	}
	if h.fortran {
		a.Data = fromFortran(a.Data, a.Shape)
	}
	return a, nil
}

// appendValues converts the bytes of some values.
func appendValues[T Number](to []T, raw []byte, h header) []T {
	for ; len(raw) > 0; raw = raw[h.width:] {
		var bits uint64
		switch h.width {
		case 1:
			bits = uint64(raw[0])
		case 2:
			bits = uint64(h.order.Uint16(raw))
		case 4:
			bits = uint64(h.order.Uint32(raw))
		case 8:
			bits = h.order.Uint64(raw)
		}
		switch {
		case h.kind == 'u' || h.kind == 'b':
			to = append(to, T(bits))
		case h.kind == 'i':
			shift := 64 - 8*h.width
			to = append(to, T(int64(bits<<shift)>>shift))
		case h.width == 2:
			to = append(to, T(half(uint16(bits))))
		case h.width == 4:
			to = append(to, T(math.Float32frombits(uint32(bits))))
		default:
			to = append(to, T(math.Float64frombits(bits)))
		}
	}
	return to
}

// half widens a float16, whose exponent has a bias of 15 in place of 127.
func half(h uint16) float32 {
	x := math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112
	if h&0x7c00 == 0x7c00 { // infinities and what is no number
		x = math.Float32frombits(0x7f800000 | uint32(h&0x3ff)<<13)
	}
	return math.Float32frombits(math.Float32bits(x) | uint32(h&0x8000)<<16)
}

// fromFortran reorders values whose first index runs fastest.
func fromFortran[T Number](data []T, shape []int) []T {
	stride, step := make([]int, len(shape)), 1
	for axis, n := range shape {
		stride[axis], step = step, step*n
	}
	return pickle.Strided(data, 0, shape, stride)
}

// Write writes format 1.0 in little-endian order.
func Write[T Number](w io.Writer, a Array[T]) error {
	n := 1
	dims := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		n *= d
		dims[i] = fmt.Sprint(d)
	}
	if n != len(a.Data) {
		return fmt.Errorf("npy: len(Data) = %d, want the product of the shape %v", len(a.Data), a.Shape)
	}
	shape := strings.Join(dims, ", ")
	if len(dims) == 1 {
		shape += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr[T](), shape)
	// NumPy wants the values to begin at a multiple of 64.
	const before = len(magic) + 4
	text += strings.Repeat(" ", (64-(before+len(text)+1)%64)%64) + "\n"
	head := append([]byte(magic), 1, 0)
	head = append(binary.LittleEndian.AppendUint16(head, uint16(len(text))), text...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, a.Data)
}

func descr[T Number]() string {
	switch any(*new(T)).(type) {
	case uint8:
		return "|u1"
	case int32:
		return "<i4"
	case int64:
		return "<i8"
	case float32:
		return "<f4"
	default:
		return "<f8"
	}
}

// noEOF turns an end in the middle into an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
