package dense

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/gonum"
)

// width is the bandwidth between the two stages: wide makes the first one fast, narrow the second.
const width = 32

// SingularValues returns those of a in decreasing order and overwrites a. It is false where an element is not finite or the iteration
// does not converge. The error of each is a small multiple of the rounding of the largest, as by LAPACK's dgesvd.
//
// A matrix is made banded by blocked Householder reflections from both sides (Großer & Lang 1999), nearly all of it in matrix
// products, the band bidiagonal by chasing bulges, and dqds finds the values of that (Fernando & Parlett 1994, gonum's Dlasq1).
func SingularValues(a blas64.General) ([]float64, bool) { return best.singularValues(a) }

func (kr kernel) singularValues(a blas64.General) ([]float64, bool) {
	scale, ok := normalise(a)
	if !ok {
		return nil, false
	}
	n := min(a.Rows, a.Cols)
	if n == 0 {
		return nil, true
	}
	if a.Rows < a.Cols {
		a = transposed(a)
	}
	b := kr.toBand(a)
	d, e := b.bidiagonal(kr)
	if (gonum.Implementation{}).Dlasq1(n, d, e, make([]float64, 4*n)) != 0 {
		return nil, false
	}
	for i := range d {
		d[i] *= scale
	}
	return d, true
}

// normalise scales a by a power of two that brings its largest element near 1, so that no square over- or underflows.
func normalise(a blas64.General) (scale float64, ok bool) {
	var largest float64
	for i := range a.Rows {
		for _, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			if math.IsNaN(v) {
				return 0, false
			}
			largest = max(largest, math.Abs(v))
		}
	}
	if math.IsInf(largest, 1) {
		return 0, false
	}
	_, exponent := math.Frexp(largest)
	exponent = min(exponent, 1000) // 2^-exponent must be a normal number
	if largest == 0 || -40 < exponent && exponent < 40 {
		return 1, true
	}
	down := math.Ldexp(1, -max(exponent, -1000))
	for i := range a.Rows {
		row := a.Data[i*a.Stride : i*a.Stride+a.Cols]
		for j := range row {
			row[j] *= down
		}
	}
	return 1 / down, true
}

func transposed(a blas64.General) blas64.General {
	t := New(a.Cols, a.Rows)
	for i := range a.Rows {
		for j, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			t.Data[j*t.Stride+i] = v
		}
	}
	return t
}

// toBand reduces a [m,n], m ≥ n, to an upper band of the same singular values.
func (kr kernel) toBand(a blas64.General) band {
	m, n := a.Rows, a.Cols
	b := newBand(n)
	all := general(a)
	for k := 0; k < n; k += width {
		// The columns of this panel become upper triangular, …
		next := min(k+width, n)
		x := make([][]float64, next-k)
		for j := range x {
			x[j] = make([]float64, m-k)
			for i := range x[j] {
				x[j][i] = a.Data[(k+i)*a.Stride+k+j]
			}
		}
		h := triangularise(kr, x, func(i, j int, v float64) { b.set(k+i, k+j, v) })
		if next == n {
			break
		}
		h.fromLeft(kr, all.from(k, next), n-next)

		// … its rows right of that lower triangular.
		y := make([][]float64, next-k)
		for i := range y {
			y[i] = append([]float64(nil), a.Data[(k+i)*a.Stride+next:(k+i)*a.Stride+n]...)
		}
		h = triangularise(kr, y, func(j, i int, v float64) { b.set(k+i, next+j, v) })
		h.fromRight(kr, all.from(next, next), m-next)
	}
	return b
}
