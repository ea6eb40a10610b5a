package eval

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// CMMD's kernel width and scale as Jayasumana et al. chose them.
const (
	CMMDSigma = 10
	CMMDScale = 1000
)

// CMMDScore is CMMD with its sampling error.
type CMMDScore struct {
	Value  float64
	StdErr float64 // delete-a-group jackknife over generated images; +Inf without groups
}

// CMMD is the squared maximum mean discrepancy of CLIP embeddings with the Gaussian kernel exp(−|x−y|²/2σ²), σ = 10, times 1000
// (Jayasumana et al. 2024, eq. 4), in the biased form, which includes each image's pair with itself. Rows are normalised, as in
// the authors' code. For blocks ≥ 2 the standard error is a jackknife that deletes the generated images i with i mod blocks = g;
// blocks = 0 leaves it out.
//
// For normalised rows all kernels are near 1, so expm1 is summed and the ones cancel exactly.
// A cancelled context ends it early, with its error.
func CMMD(ctx context.Context, ref, gen Features, blocks int) (CMMDScore, error) {
	if err := validatePair("CMMD", ref, gen); err != nil {
		return CMMDScore{}, err
	}
	if blocks != 0 && (blocks < 2 || gen.N < blocks) {
		return CMMDScore{}, fmt.Errorf("eval: CMMD: blocks = %d, want 0 or 2 to %d, the generated images", blocks, gen.N)
	}
	x, err := unitRows(ref, "reference")
	if err != nil {
		return CMMDScore{}, err
	}
	y, err := unitRows(gen, "generated")
	if err != nil {
		return CMMDScore{}, err
	}
	groups := max(blocks, 1)
	sumX := gaussianSums(ctx, x, x, 1, 1)[0]
	cross, within := gaussianSums(ctx, x, y, 1, groups), gaussianSums(ctx, y, y, groups, groups)
	if err := ctx.Err(); err != nil {
		return CMMDScore{}, err
	}

	m := float64(ref.N)
	value := func(n, cross, within float64) float64 {
		return max(CMMDScale*(sumX/(m*m)+within/(n*n)-2*cross/(m*n)), 0) // a negative value is rounding
	}
	var crossAll, withinAll float64
	for _, v := range cross {
		crossAll += v
	}
	for _, v := range within {
		withinAll += v
	}
	score := CMMDScore{Value: value(float64(gen.N), crossAll, withinAll), StdErr: math.Inf(1)}
	if blocks == 0 {
		return score, nil
	}
	without := make([]float64, blocks)
	for g := range without {
		size := float64((gen.N - g + blocks - 1) / blocks)
		rest := withinAll + within[g*blocks+g]
		for h := range blocks {
			rest -= within[g*blocks+h] + within[h*blocks+g]
		}
		without[g] = value(float64(gen.N)-size, crossAll-cross[g], rest)
	}
	_, variance := stat.PopMeanVariance(without, nil)
	score.StdErr = math.Sqrt(float64(blocks-1) * variance)
	return score, nil
}

func unitRows(f Features, side string) (*mat.Dense, error) {
	x := f.dense(0, f.N, nil)
	for i := range f.N {
		row := x.RowView(i).(*mat.VecDense)
		norm := row.Norm(2)
		if norm == 0 {
			return nil, fmt.Errorf("eval: CMMD: %s row %d has length 0, want an embedding with a direction", side, i)
		}
		row.ScaleVec(1/norm, row)
	}
	return x, nil
}

// gaussianSums adds expm1(−|x−y|²/2σ²) over all pairs, split by the rows' indices modulo gx and gy: [gx·gy]. After cancellation the
// sums are incomplete.
func gaussianSums(ctx context.Context, x, y *mat.Dense, gx, gy int) []float64 {
	const rows = 256
	n, d := x.Dims()
	m, _ := y.Dims()
	blocks := (n + rows - 1) / rows
	parts := make([][]float64, blocks)
	parallel.For(blocks, func(b int) {
		from, to := b*rows, min((b+1)*rows, n)
		part := make([]float64, gx*gy)
		for at := 0; at < m && ctx.Err() == nil; at += rows {
			end := min(at+rows, m)
			dots := dense.Product(x.Slice(from, to, 0, d).(*mat.Dense).RawMatrix(), y.Slice(at, end, 0, d).(*mat.Dense).RawMatrix())
			for i := from; i < to; i++ {
				sums := part[i%gx*gy : i%gx*gy+gy]
				for j, dot := range dots.Data[(i-from)*dots.Stride : (i-from)*dots.Stride+dots.Cols] {
					sums[(at+j)%gy] += math.Expm1(-max(1-dot, 0) / (CMMDSigma * CMMDSigma)) // |x−y|² = 2 − 2x·y
				}
			}
		}
		parts[b] = part
	})
	total := make([]float64, gx*gy)
	for _, part := range parts { // in order, so that the sum does not depend on the cores
		for i, v := range part {
			total[i] += v
		}
	}
	return total
}
