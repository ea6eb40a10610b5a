package dense

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
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
	var sum float64
	for i := range a.Rows {
		sum += floats.Norm(a.Data[i*a.Stride:i*a.Stride+a.Cols], 1)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
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
	return d, true
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

// reflectors are H = H₁H₂…H_c = I − V·T·Vᵀ with Hⱼ = I − τⱼvⱼvⱼᵀ (Schreiber & Van Loan 1989).
type reflectors struct {
	count, length int
	rows          view      // Vᵀ [count,length]: vⱼ is zero before j and 1 there
	columns       view      // V [length,count]
	t             []float64 // T [count,count], upper triangular
}

// house finds the reflector of x: Hx = (β,0,…,0)ᵀ with H = I − τvvᵀ, v₀ = 1. x becomes v (LAPACK's dlarfg).
func house(kr kernel, x []float64) (beta, tau float64) {
	alpha := x[0]
	x[0] = 1
	rest := math.Sqrt(kr.dot(x[1:], x[1:]))
	if rest == 0 {
		return alpha, 0
	}
	beta = -math.Copysign(math.Hypot(alpha, rest), alpha)
	scale := 1 / (alpha - beta)
	for i := range x[1:] {
		x[1+i] *= scale
	}
	return beta, (beta - alpha) / beta
}

// triangularise finds reflectors with Hᵀ·X = R for the columns x [count][length] of X, and calls keep for the elements of R.
func triangularise(kr kernel, x [][]float64, keep func(i, j int, v float64)) reflectors {
	c, length := min(len(x), len(x[0])), len(x[0])
	taus := make([]float64, c)
	for j := range c {
		for i := range j {
			keep(i, j, x[j][i])
		}
		v := x[j][j:]
		beta, tau := house(kr, v)
		keep(j, j, beta)
		clear(x[j][:j])
		taus[j] = tau
		for _, y := range x[j+1:] {
			kr.axpy(-tau*kr.dot(v, y[j:]), v, y[j:])
		}
	}
	for j := c; j < len(x); j++ {
		for i := range c {
			keep(i, j, x[j][i])
		}
	}
	h := reflectors{count: c, length: length, t: make([]float64, c*c)}
	h.rows = view{make([]float64, c*length), length, 1}
	h.columns = view{make([]float64, c*length), c, 1}
	gram := make([]float64, c)
	for j := range c {
		copy(h.rows.data[j*length:], x[j])
		for i := j; i < length; i++ {
			h.columns.data[i*c+j] = x[j][i]
		}
		// T's column j is −τⱼ·T·(Vᵀvⱼ).
		for i := range j {
			gram[i] = kr.dot(x[i][j:], x[j][j:])
		}
		for i := range j {
			h.t[i*c+j] = -taus[j] * kr.dot(h.t[i*c+i:i*c+j], gram[i:j])
		}
		h.t[j*c+j] = taus[j]
	}
	return h
}

// fromLeft replaces a [length,n] by Hᵀ·A = A − V·Tᵀ·VᵀA.
func (h reflectors) fromLeft(kr kernel, a view, n int) {
	w, tw := New(h.count, n), New(h.count, n)
	kr.addProduct(1, h.rows, a, general(w), h.count, n, h.length, full)
	kr.addProduct(1, view{h.t, 1, h.count}, general(w), general(tw), h.count, n, h.count, full)
	kr.addProduct(-1, h.rows.t(), general(tw), a, h.length, n, h.count, full)
}

// fromRight replaces a [m,length] by A·H = A − A·V·T·Vᵀ.
func (h reflectors) fromRight(kr kernel, a view, m int) {
	w, wt := New(m, h.count), New(m, h.count)
	kr.addProduct(1, a, h.columns, general(w), m, h.count, h.length, full)
	kr.addProduct(1, general(w), view{h.t, h.count, 1}, general(wt), m, h.count, h.count, full)
	kr.addProduct(-1, general(wt), h.rows, a, m, h.length, h.count, full)
}
