package weights

import (
	"encoding/binary"
	"fmt"
	"math"
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

// rank orders the types as Python's writer does: the widest first, so that every tensor is aligned.
var rank = map[DType]int{Bool: 0, U8: 1, I8: 2, I16: 3, U16: 4, F16: 5, BF16: 6, I32: 7, U32: 8, F32: 9, F64: 10, I64: 11, U64: 12}

// Size is the number of bytes of one element, 0 for an unknown type.
func (d DType) Size() int {
	switch d {
	case Bool, U8, I8:
		return 1
	case U16, I16, F16, BF16:
		return 2
	case U32, I32, F32:
		return 4
	case U64, I64, F64:
		return 8
	}
	return 0
}

// IsFloat tells the types that become a Tensor from those that become an IntTensor.
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
			x[i] = fromHalf(binary.LittleEndian.Uint16(b[2*i:]))
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

// ints decodes little-endian integer and boolean elements.
func ints(d DType, b []byte) ([]int64, error) {
	x := make([]int64, len(b)/d.Size())
	for i := range x {
		switch d {
		case Bool, U8:
			x[i] = int64(b[i])
		case I8:
			x[i] = int64(int8(b[i]))
		case U16:
			x[i] = int64(binary.LittleEndian.Uint16(b[2*i:]))
		case I16:
			x[i] = int64(int16(binary.LittleEndian.Uint16(b[2*i:])))
		case U32:
			x[i] = int64(binary.LittleEndian.Uint32(b[4*i:]))
		case I32:
			x[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		case I64, U64:
			x[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
			if d == U64 && x[i] < 0 {
				return nil, fmt.Errorf("element %d = %d, want a value in the range of int64", i, uint64(x[i]))
			}
		}
	}
	return x, nil
}

// encode gives the little-endian bytes of x; only finite values that d can hold are accepted.
func encode(d DType, x []float32) ([]byte, error) {
	b := make([]byte, 0, len(x)*d.Size())
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

// fromHalf widens an IEEE 754 half-precision value; exact, NaN payloads included.
func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&0x3ff
	switch exp {
	case 0: // zero and subnormals are multiples of 2⁻²⁴
		v := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// toHalf rounds to the nearest half-precision value, ties to even; values too large become infinite.
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
