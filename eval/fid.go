package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/internal/dense"
	"github.com/addlab/addlab/internal/parallel"
)

// FID is the squared Fréchet distance of two Gaussians, |μ₁−μ₂|² + tr(Σ₁ + Σ₂ − 2√(Σ₁Σ₂)) (Heusel et al. 2017, eq. 6).
// It is biased upwards by about c/n: compare equal n only, and print n.
//
// With roots Σᵢ = RᵢᵀRᵢ the eigenvalues of Σ₁Σ₂ are the squared singular values of R₁R₂ᵀ, so tr√(Σ₁Σ₂) = ‖R₁R₂ᵀ‖_*.
// Singular values keep the digits that square roots of eigenvalues lose near zero. A root with fewer rows than columns
// represents a rank-deficient covariance: nothing is added to a diagonal.
func FID(a, b Side) (float64, error) {
	sides := [2]Side{a, b}
	var gaussians [2]gaussian
	var failed [2]error
	parallel.For(2, func(i int) { gaussians[i], failed[i] = sides[i].gaussian() }) // a small covariance uses one core only
	if err := cmp.Or(failed[0], failed[1]); err != nil {
		return 0, err
	}
	return frechet(gaussians[0], gaussians[1])
}

// Side is what FID compares: Stats, or Features, which need no covariance where there are no more images than dimensions. Their root
// is then Xc/√(n−1), and with two such sides FID is exactly |μ₁−μ₂|² + tr Σ₁ + tr Σ₂ − 2‖X₁c·X₂cᵀ‖_*/√((n₁−1)(n₂−1)).
type Side interface{ gaussian() (gaussian, error) }

// gaussian is one side of FID: its mean and a root R [r,d] of its covariance, Σ = RᵀR; r = 0 is zero covariance. Column k of the root
// is dimension order[k], and the root is then zero left of its diagonal; a nil order is the usual one.
type gaussian struct {
	mean  []float64
	root  blas64.General
	order []int
}

func (f Features) gaussian() (gaussian, error) {
	if f.N > f.D {
		s, err := NewStats(f)
		if err != nil {
			return gaussian{}, err
		}
		return s.gaussian()
	}
	if err := f.Validate(); err != nil {
		return gaussian{}, err
	}
	if f.N < 2 {
		return gaussian{}, errOneImage
	}
	mean := f.mean()
	root := f.dense(0, f.N, mean)
	root.Scale(1/math.Sqrt(float64(f.N-1)), root)
	return gaussian{mean: mean, root: root.RawMatrix()}, nil
}

var errOneImage = errors.New("eval: FID: N = 1, want at least 2 images")

// gaussian factors Σ = RᵀR by Cholesky with complete pivoting, which stops at the rank of Σ.
func (s Stats) gaussian() (gaussian, error) {
	if err := s.Validate(); err != nil {
		return gaussian{}, err
	}
	if s.N == 1 {
		return gaussian{}, errOneImage
	}
	d := len(s.Mean)
	cov := dense.New(d, d)
	for i := range d {
		for j := i; j < d; j++ {
			cov.Data[i*cov.Stride+j] = s.Cov.At(i, j)
		}
	}
	g := gaussian{mean: s.Mean}
	g.root, g.order = dense.Cholesky(cov)

	// N centred rows span at most N−1 directions; a later pivot is rounding noise, whose square root would show.
	if s.N > 1 {
		g.root.Rows = min(g.root.Rows, s.N-1)
	}

	// RᵀR equals a positive semi-definite Σ, but not an indefinite one.
	if want, got := mat.Trace(s.Cov), g.trace(); math.Abs(got-want) > 1e-6*math.Max(got, want) || want < 0 {
		return gaussian{}, fmt.Errorf("eval: FID: tr Cov = %g but tr RᵀR = %g, want a positive semi-definite covariance", want, got)
	}
	return g, nil
}

func (g gaussian) trace() float64 {
	var sum float64
	for i := range g.root.Rows {
		row := g.root.Data[i*g.root.Stride : i*g.root.Stride+g.root.Cols]
		sum += floats.Dot(row, row)
	}
	return sum
}

// cross is R₁R₂ᵀ or its transpose.
func (g gaussian) cross(h gaussian) blas64.General {
	if g.order == nil {
		g, h = h, g
	}
	if g.order == nil {
		return dense.Product(g.root, h.root)
	}
	place := make([]int, len(h.mean)) // of a dimension among h's columns
	for k := range place {
		place[k] = k
	}
	for k, dimension := range h.order {
		place[dimension] = k
	}
	columns := dense.New(len(g.order), h.root.Rows) // R₂ᵀ, its rows in g's order
	const together = 8                              // rows, whose elements fill a cache line of the result
	parallel.For((h.root.Rows+together-1)/together, func(b int) {
		from, to := b*together, min((b+1)*together, h.root.Rows)
		for k, dimension := range g.order {
			for i := from; i < to; i++ {
				columns.Data[k*columns.Stride+i] = h.root.Data[i*h.root.Stride+place[dimension]]
			}
		}
	})
	return dense.TriangularProduct(g.root, columns)
}

// frechet is |μ₁−μ₂|² + ‖R₁‖_F² + ‖R₂‖_F² − 2‖R₁R₂ᵀ‖_*.
func frechet(a, b gaussian) (float64, error) {
	if len(a.mean) != len(b.mean) {
		return 0, fmt.Errorf("eval: FID: dimensions = %d and %d, want equal", len(a.mean), len(b.mean))
	}
	var cross float64
	if a.root.Rows > 0 && b.root.Rows > 0 {
		values, ok := dense.SingularValues(a.cross(b))
		if !ok {
			return 0, errors.New("eval: FID: R₁R₂ᵀ has no finite singular values, want finite covariances of usual size")
		}
		cross = floats.Sum(values)
	}
	distance := floats.Distance(a.mean, b.mean, 2)
	fid := distance*distance + a.trace() + b.trace() - 2*cross
	if !finite(fid) {
		return 0, fmt.Errorf("eval: FID = %v, want a finite number: the statistics overflow", fid)
	}
	// 2‖R₁R₂ᵀ‖_* ≤ ‖R₁‖_F² + ‖R₂‖_F² always, so a negative value is rounding.
	return math.Max(fid, 0), nil
}
