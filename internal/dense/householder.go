package dense

import "math"

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
