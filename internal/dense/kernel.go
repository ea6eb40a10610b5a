package dense

// kernel adds alpha·A·B to a tile C of mr×nr numbers. Element (i,p) of A is a[i·ars+p·acs], row p of B begins at b[p·brs], row i of C
// at c[i·crs]; all strides count numbers.
type kernel struct {
	name   string
	mr, nr int
	tile   func(k int, a []float64, ars, acs int, b []float64, brs int, c []float64, crs int, alpha float64)
	dot    func(x, y []float64) float64    // of len(x) numbers
	axpy   func(a float64, x, y []float64) // y += a·x, len(x) numbers

	// Reflections of what a band's bulges have most of; nil where dot and axpy do it. rows makes x − τ(x·v)v of each of n rows of width
	// numbers, columns M − τv(vᵀM) of n rows of 2·width numbers; rows begin stride numbers apart.
	rows, columns func(n int, tau float64, v, m []float64, stride int)
}

// plain is the kernel of processors without one of their own.
var plain = kernel{
	name: "go", mr: 4, nr: 4,
	tile: func(k int, a []float64, ars, acs int, b []float64, brs int, c []float64, crs int, alpha float64) {
		var s [4][4]float64
		for p := range k {
			b := b[p*brs : p*brs+4 : p*brs+4]
			for i := range s {
				v := a[i*ars+p*acs]
				s[i][0] += v * b[0]
				s[i][1] += v * b[1]
				s[i][2] += v * b[2]
				s[i][3] += v * b[3]
			}
		}
		for i := range s {
			for j, v := range s[i] {
				c[i*crs+j] += alpha * v
			}
		}
	},
	dot: func(x, y []float64) float64 {
		var s [4]float64
		y = y[:len(x)]
		for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
			s[0] += x[0] * y[0]
			s[1] += x[1] * y[1]
			s[2] += x[2] * y[2]
			s[3] += x[3] * y[3]
		}
		for i, v := range x {
			s[0] += v * y[i]
		}
		return s[0] + s[1] + s[2] + s[3]
	},
	axpy: func(a float64, x, y []float64) {
		y = y[:len(x)]
		for i, v := range x {
			y[i] += a * v
		}
	},
}

// best is the fastest kernel of this processor.
var best = available()[0]

// Kernel names the instructions in use, for reports.
func Kernel() string { return best.name }
