package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
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
	draws := make([]draw, subsets)
	for i := range draws {
		draws[i] = draw{r.Perm(ref.N)[:size], r.Perm(gen.N)[:size]}
	}
	return kidOver(ctx, ref, gen, draws)
}

// draw names the rows of one subset of each side.
type draw struct{ ref, gen []int }

// wholeKernel is the largest number of images for which the kernels of all pairs are kept (3 × 128 MiB) and not computed per subset.
const wholeKernel = 4096

func kidOver(ctx context.Context, ref, gen Features, draws []draw) (KIDScore, error) {
	var whole *kernels
	if ref.N <= wholeKernel && gen.N <= wholeKernel {
		whole = newKernels(ref, gen)
	}
	values := make([]float64, len(draws))
	for i, s := range draws {
		if err := ctx.Err(); err != nil {
			return KIDScore{}, err
		}
		slices.Sort(s.ref) // memory order
		slices.Sort(s.gen)
		if whole != nil {
			values[i] = whole.mmd2(s.ref, s.gen)
		} else {
			values[i] = newKernels(ref.Subset(s.ref), gen.Subset(s.gen)).mmd2(upTo(len(s.ref)), upTo(len(s.gen)))
		}
	}
	mean, std := stat.PopMeanStdDev(values, nil)
	return KIDScore{Mean: mean, Std: std, Subsets: len(draws), Size: len(draws[0].ref)}, nil
}

// kernels holds k(x,x'), k(y,y') and k(x,y) of all pairs.
type kernels struct{ xx, yy, xy blas64.General }

func newKernels(x, y Features) *kernels {
	dx, dy := x.dense(0, x.N, nil), y.dense(0, y.N, nil)
	return &kernels{cubic(dx, dx), cubic(dy, dy), cubic(dx, dy)}
}

func cubic(x, y *mat.Dense) blas64.General {
	k := dense.Product(x.RawMatrix(), y.RawMatrix())
	d := float64(x.RawMatrix().Cols)
	parallel.For(k.Rows, func(i int) {
		row := k.Data[i*k.Stride : i*k.Stride+k.Cols]
		for j, dot := range row {
			v := dot/d + 1
			row[j] = v * v * v
		}
	})
	return k
}

// mmd2 is unbiased (Gretton et al. 2012, eq. 3): it averages over pairs of different images within a side, and over all pairs across.
func (k *kernels) mmd2(x, y []int) float64 {
	m, n := float64(len(x)), float64(len(y))
	return pairSum(k.xx, x, x, true)/(m*(m-1)) + pairSum(k.yy, y, y, true)/(n*(n-1)) - 2*pairSum(k.xy, x, y, false)/(m*n)
}

func pairSum(k blas64.General, rows, cols []int, withoutSelf bool) float64 {
	var sum float64
	for _, i := range rows {
		row := k.Data[i*k.Stride : i*k.Stride+k.Cols]
		for _, j := range cols {
			sum += row[j]
		}
		if withoutSelf {
			sum -= row[i]
		}
	}
	return sum
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
