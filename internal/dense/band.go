package dense

// band is a matrix [n,n] with elements on the diagonal and width columns right of it. Storage next to the band holds the bulges:
// width−1 columns left of the diagonal and 2·width−1 right.
type band struct {
	n    int
	data []float64
}

// reach is the distance in data between two rows of a column.
const reach = 3*width - 1

func newBand(n int) band { return band{n, make([]float64, (n+2)*(reach+1))} }

// at is the place of element (i,j); elements of a row are adjacent.
func (b band) at(i, j int) int { return i*reach + j + width }

func (b band) set(i, j int, v float64) { b.data[b.at(i, j)] = v }

// bidiagonal returns diagonal [n] and superdiagonal [n−1] of a matrix with the same singular values. A reflection that clears a row
// right of its superdiagonal leaves a bulge below the diagonal; one that clears the bulge's first column leaves another right of the
// band, width further down, and so on to the end. What remains of each bulge stays inside the next row's (Lang 1996).
func (b band) bidiagonal(kr kernel) (d, e []float64) {
	n := b.n
	v, w := make([]float64, width), make([]float64, 2*width)
	for s := 0; s+1 < n; s++ {
		row := s
		for j := s + 1; j < n; j += width { // columns [j,end) of the row, then rows [j,end) of column j
			end := min(j+width, n)
			if end-j > 1 {
				b.clearRow(kr, row, j, end, v)
				b.clearColumn(kr, j, end, v, w)
			}
			row = j
		}
	}
	d, e = make([]float64, n), make([]float64, max(n-1, 0))
	for i := range d {
		d[i] = b.data[b.at(i, i)]
		if i+1 < n {
			e[i] = b.data[b.at(i, i+1)]
		}
	}
	return d, e
}

// clearRow reflects columns [j,end) so that the row keeps only the first of them.
func (b band) clearRow(kr kernel, row, j, end int, v []float64) {
	v = v[:end-j]
	first := b.data[b.at(row, j):b.at(row, end)]
	copy(v, first)
	beta, tau := house(kr, v)
	clear(first)
	first[0] = beta
	if tau == 0 {
		return
	}
	if kr.rows != nil && len(v) == width {
		kr.rows(end-row-1, tau, v, b.data[b.at(row+1, j):], reach)
		return
	}
	for i := row + 1; i < end; i++ {
		part := b.data[b.at(i, j):b.at(i, end)]
		kr.axpy(-tau*kr.dot(v, part), v, part)
	}
}

// clearColumn reflects rows [j,end) so that column j keeps only its diagonal element.
func (b band) clearColumn(kr kernel, j, end int, v, w []float64) {
	v = v[:end-j]
	for i := range v {
		v[i] = b.data[b.at(j+i, j)]
	}
	beta, tau := house(kr, v)
	last := min(end+width, b.n)
	switch {
	case tau == 0:
	case kr.columns != nil && last-j == 2*width:
		kr.columns(len(v), tau, v, b.data[b.at(j, j):], reach)
	default:
		w = w[:last-j]
		clear(w)
		for i, x := range v {
			kr.axpy(x, b.data[b.at(j+i, j):b.at(j+i, last)], w)
		}
		for i, x := range v {
			kr.axpy(-tau*x, w, b.data[b.at(j+i, j):b.at(j+i, last)])
		}
	}
	b.data[b.at(j, j)] = beta // exactly
	for i := 1; i < len(v); i++ {
		b.data[b.at(j+i, j)] = 0
	}
}
