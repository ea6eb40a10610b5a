package eval

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// Subsets and their size as Bińkowski et al. and torch-fidelity use them.
const (
	KIDSubsets = 100
	KIDSize    = 1000
)

// KIDScore is the mean and the population standard deviation of MMD² over random subsets.
// Std is the variation of one subset's value, not the error of Mean: subsets share images, and all are equal when Size = n.
type KIDScore struct {
	Mean, Std     float64
	Subsets, Size int
}

// KID is the kernel inception distance: the squared maximum mean discrepancy with the kernel k(x,y) = (x·y/d + 1)³, averaged over
// subsets of both sides, drawn from r without replacement. It is unbiased at any n, so it may be negative.
// A cancelled context ends it early, with its error.
func KID(ctx context.Context, ref, gen Features, subsets, size int, r *rand.Rand) (KIDScore, error) {
	if err := validatePair("KID", ref, gen); err != nil {
		return KIDScore{}, err
	}
	if subsets < 1 {
		return KIDScore{}, fmt.Errorf("eval: KID: subsets = %d, want ≥ 1", subsets)
	}
	if n := min(ref.N, gen.N); size < 2 || size > n {
		return KIDScore{}, fmt.Errorf("eval: KID: size = %d, want 2 to %d, the number of images", size, n)
	}
	values := make([]float64, subsets)
	for i := range values {
		if err := ctx.Err(); err != nil {
			return KIDScore{}, err
		}
		values[i] = mmd2(ref.Subset(r.Perm(ref.N)[:size]), gen.Subset(r.Perm(gen.N)[:size]))
	}
	return newKIDScore(values, size), nil
}

func newKIDScore(values []float64, size int) KIDScore {
	mean, std := stat.PopMeanStdDev(values, nil)
	return KIDScore{Mean: mean, Std: std, Subsets: len(values), Size: size}
}

// mmd2 is unbiased (Gretton et al. 2012, eq. 3): it averages over pairs of different images within a side, and over all pairs across.
func mmd2(x, y Features) float64 {
	dx, dy := x.dense(0, x.N, nil).RawMatrix(), y.dense(0, y.N, nil).RawMatrix()
	m, n := float64(x.N), float64(y.N)
	return cubicSum(dx, dx, true)/(m*(m-1)) + cubicSum(dy, dy, true)/(n*(n-1)) - 2*cubicSum(dx, dy, false)/(m*n)
}

// cubicSum adds k over all pairs of rows, or all but those of a row with itself.
func cubicSum(x, y blas64.General, withoutSelf bool) float64 {
	k := dense.Product(x, y)
	d := float64(x.Cols)
	sums := make([]float64, k.Rows)
	parallel.For(k.Rows, func(i int) {
		for j, dot := range k.Data[i*k.Stride : i*k.Stride+k.Cols] {
			if v := dot/d + 1; !withoutSelf || i != j {
				sums[i] += v * v * v
			}
		}
	})
	return floats.Sum(sums)
}
