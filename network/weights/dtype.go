package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes/float16"
)

// DType is the type of a tensor's elements in a file, as safetensors spells it.
type DType string

// The element types of safetensors that Read understands. Write offers F16 and F32.
const (
	Bool DType = "BOOL"
	U8   DType = "U8"
	I8   DType = "I8"
	U16  DType = "U16"
	I16  DType = "I16"
	F16  DType = "F16"
	BF16 DType = "BF16"
	U32  DType = "U32"
	I32  DType = "I32"
	F32  DType = "F32"
	U64  DType = "U64"
	I64  DType = "I64"
	F64  DType = "F64"
)

// known gives the rank and the bytes of each type. Python's writer puts tensors of the highest rank first, so that all are aligned.
var known = map[DType]struct{ rank, size int }{
	Bool: {0, 1}, U8: {1, 1}, I8: {2, 1}, I16: {3, 2}, U16: {4, 2}, F16: {5, 2}, BF16: {6, 2},
	I32: {7, 4}, U32: {8, 4}, F32: {9, 4}, F64: {10, 8}, I64: {11, 8}, U64: {12, 8},
}

// Size is the number of bytes of one element, 0 for an unknown type.
func (d DType) Size() int { return known[d].size }

// IsFloat reports whether elements are floating-point numbers.
func (d DType) IsFloat() bool { return d == F16 || d == BF16 || d == F32 || d == F64 }

// floats decodes little-endian floating-point elements.
func floats(d DType, b []byte) ([]float32, error) {
	x := make([]float32, len(b)/d.Size())
	if d == F32 { // nearly all files: gigabytes
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i : 4*i+4]))
		}
		return x, nil
	}
	for i := range x {
		switch d {
		case F16:
			x[i] = float16.FromBits(binary.LittleEndian.Uint16(b[2*i:])).Float32()
		case BF16:
			x[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[2*i:])) << 16)
		case F64:
			v := math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			x[i] = float32(v)
			if math.IsInf(float64(x[i]), 0) && !math.IsInf(v, 0) {
				return nil, fmt.Errorf("element %d = %g, want a value in the range of float32", i, v)
			}
		}
	}
	return x, nil
}

// encode appends the little-endian bytes of x to b; only finite values that d can hold are accepted.
func encode(b []byte, d DType, x []float32) ([]byte, error) {
	b = slices.Grow(b, len(x)*d.Size())
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("element %d = %g, want a finite value", i, v)
		}
		switch d {
		case F32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		case F16:
			h := toHalf(v)
			if h&0x7fff == 0x7c00 {
				return nil, fmt.Errorf("element %d = %g, want |value| ≤ 65504 for F16", i, v)
			}
			b = binary.LittleEndian.AppendUint16(b, h)
		}
	}
	return b, nil
}

// toHalf rounds to the nearest half-precision value, ties to even; values too large become infinite. GoMLX would make subnormals zero.
func toHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, abs := uint16(bits>>16)&0x8000, math.Float32frombits(bits&0x7fffffff)
	switch {
	case abs != abs:
		return sign | 0x7e00
	case abs >= 65520: // halfway between 65504 and 65536
		return sign | 0x7c00
	case abs < 0x1p-14: // subnormal: round to a multiple of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(abs)*0x1p24))
	}
	// Rounding 23 fraction bits to 10 may carry into the exponent, which is the right result.
	u := math.Float32bits(abs) - (127-15)<<23
	u += 0xfff + u>>13&1
	return sign | uint16(u>>13)
}
