package eval

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// Distances are sums of squared differences in float64, not |x|²+|y|²−2x·y: a duplicate has distance exactly 0, and a neighbour's
// distance equals its ball's radius exactly.

// squaredDistance keeps four sums, which the processor adds in parallel.
func squaredDistance(x, y []float32) float64 {
	var sum [4]float64
	y = y[:len(x)]
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		d0, d1 := float64(x[0])-float64(y[0]), float64(x[1])-float64(y[1])
		d2, d3 := float64(x[2])-float64(y[2]), float64(x[3])-float64(y[3])
		sum[0], sum[1], sum[2], sum[3] = sum[0]+d0*d0, sum[1]+d1*d1, sum[2]+d2*d2, sum[3]+d3*d3
	}
	for i, v := range x {
		d := float64(v) - float64(y[i])
		sum[0] += d * d
	}
	return sum[0] + sum[1] + sum[2] + sum[3]
}

// Nearest gives, for every image of gen, the number of the image of ref that is nearest to it.
func Nearest(gen, ref Features) ([]int, error) {
	if err := validatePair("nearest", ref, gen); err != nil {
		return nil, err
	}
	rows := make([]int, gen.N)
	for i := range rows {
		least := math.Inf(1)
		for j := range ref.N {
			if d := squaredDistance(gen.Row(i), ref.Row(j)); d < least {
				least, rows[i] = d, j
			}
		}
	}
	return rows, nil
}

// squaredRadii gives, for every image, the squared distance to its k-th nearest other image of the same set.
func squaredRadii(ctx context.Context, f Features, k int) ([]float64, error) {
	nearest := make([][]float64, f.N) // ascending
	err := eachPair(ctx, f, f, func(p *pairs, i, at int, approx []float64) {
		list := nearest[i]
		for j, d := range approx {
			if at+j == i || len(list) == k && !p.within(i, at+j, d, list[k-1], false) {
				continue
			}
			exact := squaredDistance(f.Row(i), f.Row(at+j))
			place, _ := slices.BinarySearch(list, exact)
			list = slices.Insert(list, place, exact)
			list = list[:min(len(list), k)]
		}
		nearest[i] = list
	})
	if err != nil {
		return nil, err
	}
	radii := make([]float64, f.N)
	for i, list := range nearest {
		radii[i] = list[k-1]
	}
	return radii, nil
}

func fraction(n int, holds func(i int) bool) float64 {
	hits := 0
	for i := range n {
		if holds(i) {
			hits++
		}
	}
	return float64(hits) / float64(n)
}

func validateNeighbours(metric string, ref, gen Features, k int) error {
	if err := validatePair(metric, ref, gen); err != nil {
		return err
	}
	if k < 1 || k >= ref.N {
		return fmt.Errorf("eval: %s: k = %d, want 1 to %d, one less than the reference images", metric, k, ref.N-1)
	}
	return nil
}

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
