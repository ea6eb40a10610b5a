package dense

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
)

// Cholesky factors a positive semi-definite a [n,n], of which it reads and overwrites what is on and right of the diagonal: with
// complete pivoting, a[order,order] = UᵀU. U [rank,n] has zeros left of its diagonal; it ends where no pivot exceeds the
// rounding, n·ε·max aᵢᵢ (blocked as in LAPACK's dpstrf, so that nearly all work is in matrix products).
func Cholesky(a blas64.General) (u blas64.General, order []int) { return best.cholesky(a) }

const panel = 64

func (kr kernel) cholesky(a blas64.General) (u blas64.General, order []int) {
	n := a.Rows
	order = make([]int, n)
	var largest float64
	for i := range order {
		order[i] = i
		largest = max(largest, a.Data[i*a.Stride+i])
	}
	floor := float64(n) * 0x1p-52 * largest
	rank, done := 0, false
	used := make([]float64, n) // what this panel's rows take from each diagonal element
	for k := 0; k < n && !done; k += panel {
		clear(used)
		end := min(k+panel, n)
		for j := k; j < end; j++ {
			p, pivot := j, math.Inf(-1)
			for i := j; i < n; i++ {
				if v := a.Data[i*a.Stride+i] - used[i]; v > pivot {
					p, pivot = i, v
				}
			}
			if !(pivot > floor) {
				end, done = j, true
				break
			}
			exchange(a, j, p)
			order[j], order[p] = order[p], order[j]
			used[j], used[p] = used[p], used[j]

			row := a.Data[j*a.Stride+j : j*a.Stride+n]
			for l := k; l < j; l++ {
				above := a.Data[l*a.Stride+j : l*a.Stride+n]
				kr.axpy(-above[0], above, row)
			}
			root := math.Sqrt(pivot)
			row[0] = root
			for i := range row[1:] {
				row[1+i] /= root
				used[j+1+i] += row[1+i] * row[1+i]
			}
			rank++
		}
		rows := general(a).from(k, 0)
		if !done && end < n {
			kr.addProduct(-1, rows.from(0, end).t(), rows.from(0, end), general(a).from(end, end), n-end, n-end, end-k, upper)
		}
	}
	for i := range rank {
		clear(a.Data[i*a.Stride : i*a.Stride+i])
	}
	return blas64.General{Rows: rank, Cols: n, Stride: a.Stride, Data: a.Data}, order
}

// exchange swaps rows and columns j < p of a symmetric matrix of which the part right of the diagonal is stored.
func exchange(a blas64.General, j, p int) {
	if j == p {
		return
	}
	at := func(i, k int) *float64 { return &a.Data[i*a.Stride+k] }
	swap := func(x, y *float64) { *x, *y = *y, *x }
	swap(at(j, j), at(p, p))
	for i := range j {
		swap(at(i, j), at(i, p))
	}
	for i := j + 1; i < p; i++ {
		swap(at(j, i), at(i, p))
	}
	for i := p + 1; i < a.Cols; i++ {
		swap(at(j, i), at(p, i))
	}
}
