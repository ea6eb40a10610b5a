package eval

import (
	"context"

	"gonum.org/v1/gonum/floats"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// pairs are the squared distances between rows of two sets by |x|²+|y|²−2x·y, a fast matrix product, with a bound on the
// rounding. Where the bound cannot decide, the exact sum does.
type pairs struct {
	x, y   Features
	xx, yy []float64 // squared lengths of the rows, less the mean of y
	unit   float64   // the error is at most unit·(xx+yy)
}

// Rows of x and y that are multiplied at once.
const pairRows, pairColumns = 512, 512

// eachPair calls visit for every row of x with blocks of rows of y from at on, in order; rows of x run in parallel. A cancelled context ends it early,
// with its error.
func eachPair(ctx context.Context, x, y Features, visit func(p *pairs, i, at int, approx []float64)) error {
	p := &pairs{x: x, y: y, xx: make([]float64, x.N), yy: make([]float64, y.N)}
	p.unit = 4 * float64(x.D+8) * 0x1p-53
	mean := y.mean()
	for _, side := range []struct {
		f       Features
		squares []float64
	}{{x, p.xx}, {y, p.yy}} {
		parallel.For(side.f.N, func(i int) {
			for j, v := range side.f.Row(i) {
				d := float64(v) - mean[j]
				side.squares[i] += d * d
			}
		})
	}
	for from := 0; from < x.N; from += pairRows {
		rows := min(pairRows, x.N-from)
		left := x.dense(from, from+rows, mean).RawMatrix()
		for at := 0; at < y.N; at += pairColumns {
			if err := ctx.Err(); err != nil {
				return err
			}
			columns := min(pairColumns, y.N-at)
			dots := dense.Product(left, y.dense(at, at+columns, mean).RawMatrix())
			parallel.For(rows, func(r int) {
				approx := dots.Data[r*dots.Stride : r*dots.Stride+columns]
				floats.Scale(-2, approx)
				floats.AddConst(p.xx[from+r], approx)
				floats.Add(approx, p.yy[at:at+columns])
				visit(p, from+r, at, approx)
			})
		}
	}
	return nil
}

// within reports whether row j of y is nearer to row i of x than the radius, or as near if closed is true.
func (p *pairs) within(i, j int, approx, radius float64, closed bool) bool {
	slack := p.unit * (p.xx[i] + p.yy[j])
	switch {
	case approx+slack < radius:
		return true
	case approx-slack > radius:
		return false
	}
	exact := squaredDistance(p.x.Row(i), p.y.Row(j))
	return exact < radius || closed && exact == radius
}
