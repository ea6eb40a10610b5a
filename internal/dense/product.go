package dense

import (
	"sync"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/addlab/addlab/internal/parallel"
)

// view is a matrix whose element (i,j) is data[i·rs + j·cs]; its user knows the shape.
type view struct {
	data   []float64
	rs, cs int
}

func general(a blas64.General) view { return view{a.Data, a.Stride, 1} }

// t is the transposed matrix.
func (v view) t() view { return view{v.data, v.cs, v.rs} }

// from is the part that begins at (i,j).
func (v view) from(i, j int) view { return view{v.data[i*v.rs+j*v.cs:], v.rs, v.cs} }

// shape says which parts of a product need not be computed.
type shape int

const (
	full      shape = iota
	upper           // only C's elements with column ≥ row are wanted; some others change too
	upperLeft       // A has zeros left of its diagonal
)

// New is a matrix of zeros, laid out as the kernels like it.
func New(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: stride(cols), Data: make([]float64, rows*stride(cols))}
}

// Product returns A·Bᵀ for a [m,k] and b [n,k].
func Product(a, b blas64.General) blas64.General {
	c := New(a.Rows, b.Rows)
	best.addProduct(1, general(a), general(b).t(), general(c), a.Rows, b.Rows, a.Cols, full)
	return c
}

// TriangularProduct returns A·B for an a [m,k] with zeros left of its diagonal and b [k,n], in half the time where m is near k.
func TriangularProduct(a, b blas64.General) blas64.General {
	c := New(a.Rows, b.Cols)
	best.addProduct(1, general(a), general(b), general(c), a.Rows, b.Cols, a.Cols, upperLeft)
	return c
}

// AddGram adds XᵀX to c [d,d] for the rows of x [n,d]. Below the diagonal c holds nothing of use afterwards.
func AddGram(c, x blas64.General) {
	best.addProduct(1, general(x).t(), general(x), general(c), x.Cols, x.Cols, x.Rows, upper)
}

// stride keeps rows of a power of two of numbers from falling into the same cache sets.
func stride(n int) int { return (n+7)/8*8 + 8 }

// Sizes of what one core works on at a time: a block of A [blockM,blockK], of B [blockK,blockN] stay in its cache.
const (
	blockM, blockN, blockK = 256, 512, 256
	narrow                 = 128     // a C of fewer rows is cut into strips of so many columns
	alone                  = 1 << 23 // one core is done with so many products before another has what it needs in its cache
)

// addProduct computes C += alpha·A·B with A [m,k], B [k,n], C [m,n]; C's columns are adjacent.
func (kr kernel) addProduct(alpha float64, a, b, c view, m, n, k int, s shape) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	height, width := blockM, blockN
	if m <= narrow {
		width = narrow
	}
	down, across := (m+height-1)/height, (n+width-1)/width
	each := parallel.For
	if m*n*k < alone {
		each = inTurn
	}
	each(down*across, func(t int) {
		i, j := t/across*height, t%across*width
		i1, j1 := min(i+height, m), min(j+width, n)
		if s == upper && i >= j1 {
			return
		}
		from := 0
		if s == upperLeft {
			from = i
		}
		for ; from < k; from += blockK {
			kr.block(alpha, a.from(i, from), b.from(from, j), c.from(i, j), i1-i, j1-j, min(blockK, k-from), s, j-i)
		}
	})
}

// block multiplies what fits the cache. Parts that are used often, whose elements lie apart or that do not fill a tile are copied
// first. offset is C's column less its row.
func (kr kernel) block(alpha float64, a, b, c view, m, n, k int, s shape, offset int) {
	buffer := buffers.Get().(*scratch)
	defer buffers.Put(buffer)
	mr, nr := kr.mr, kr.nr
	copyA, copyB := a.cs != 1 && k >= 64 && n > 2*nr, b.cs != 1 || k >= 64 && m >= narrow
	if s == upperLeft {
		copyA = true // its tiles begin at different columns
	}
	if copyA {
		for i := 0; i < m; i += mr {
			pack(buffer.a[i*k:], a.from(i, 0).t(), k, min(mr, m-i), mr)
		}
	} else if tail := m / mr * mr; tail < m {
		pack(buffer.a[tail*k:], a.from(tail, 0).t(), k, m-tail, mr)
	}
	if copyB {
		for j := 0; j < n; j += nr {
			pack(buffer.b[j*k:], b.from(0, j), k, min(nr, n-j), nr)
		}
	} else if tail := n / nr * nr; tail < n {
		pack(buffer.b[tail*k:], b.from(0, tail), k, n-tail, nr)
	}
	for j := 0; j < n; j += nr {
		bj := view{buffer.b[j*k:], nr, 1}
		if !copyB && j+nr <= n {
			bj = b.from(0, j)
		}
		for i := 0; i < m; i += mr {
			if s == upper && i >= j+nr+offset {
				break
			}
			ai := view{buffer.a[i*k:], 1, mr}
			if !copyA && i+mr <= m {
				ai = a.from(i, 0)
			}
			if i+mr <= m && j+nr <= n {
				kr.tile(k, ai.data, ai.rs, ai.cs, bj.data, bj.rs, c.data[i*c.rs+j:], c.rs, alpha)
				continue
			}
			clear(buffer.c[:mr*nr])
			kr.tile(k, ai.data, ai.rs, ai.cs, bj.data, bj.rs, buffer.c[:], nr, alpha)
			for r := range min(mr, m-i) {
				for q := range min(nr, n-j) {
					c.data[(i+r)*c.rs+j+q] += buffer.c[r*nr+q]
				}
			}
		}
	}
}

// pack copies k rows of width numbers each one after the other, filled up with zeros to full.
func pack(to []float64, v view, k, width, full int) {
	if v.rs == 1 && width == full { // columns are adjacent in memory: read them so
		for q := range width {
			column := v.data[q*v.cs : q*v.cs+k]
			for p, x := range column {
				to[p*full+q] = x
			}
		}
		return
	}
	for p := range k {
		row := to[p*full : (p+1)*full]
		from := v.data[p*v.rs:]
		if v.cs == 1 {
			copy(row[:width], from)
		} else {
			for q := range width {
				row[q] = from[q*v.cs]
			}
		}
		clear(row[width:])
	}
}

// scratch is one core's copies; tiles are at most 16 numbers high or wide.
type scratch struct {
	a [(blockM + 16) * blockK]float64
	b [(blockN + 16) * blockK]float64
	c [16 * 16]float64
}

var buffers = sync.Pool{New: func() any { return new(scratch) }}

func inTurn(n int, body func(i int)) {
	for i := range n {
		body(i)
	}
}
