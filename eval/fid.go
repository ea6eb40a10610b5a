package eval

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// FID is the squared Fréchet distance of two Gaussians, |μ₁−μ₂|² + tr(Σ₁ + Σ₂ − 2√(Σ₁Σ₂)) (Heusel et al. 2017, eq. 6).
// It is biased upwards by about c/n: compare equal n only, and print n beside it.
//
// With roots Σᵢ = RᵢᵀRᵢ the eigenvalues of Σ₁Σ₂ are the squared singular values of R₁R₂ᵀ, so tr√(Σ₁Σ₂) = ‖R₁R₂ᵀ‖_*.
// Singular values keep the digits that square roots of eigenvalues lose near zero, and a root with fewer rows than
// columns is a rank-deficient covariance as it is: nothing is added to a diagonal.
func FID(a, b Stats) (float64, error) {
	ra, err := rootOfStats(a)
	if err != nil {
		return 0, err
	}
	rb, err := rootOfStats(b)
	if err != nil {
		return 0, err
	}
	return frechet(ra, rb)
}

// FIDFeatures is FID of the features' own statistics. A side with no more images than dimensions needs no covariance: its root
// is Xc/√(n−1), and with two such sides FID is exactly |μ₁−μ₂|² + tr Σ₁ + tr Σ₂ − 2‖X₁c·X₂cᵀ‖_*/√((n₁−1)(n₂−1)).
func FIDFeatures(a, b Features) (float64, error) {
	ra, err := rootOfFeatures(a)
	if err != nil {
		return 0, err
	}
	rb, err := rootOfFeatures(b)
	if err != nil {
		return 0, err
	}
	return frechet(ra, rb)
}

// gaussian is one side of FID: its mean and a root R [r,d] of its covariance, Σ = RᵀR. A nil root is zero covariance.
type gaussian struct {
	mean []float64
	root *mat.Dense
}

func rootOfFeatures(f Features) (gaussian, error) {
	if f.N > f.D {
		s, err := NewStats(f)
		if err != nil {
			return gaussian{}, err
		}
		return rootOfStats(s)
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
	return gaussian{mean, root}, nil
}

var errOneImage = errors.New("eval: FID: N = 1, want at least 2 images")

// rootOfStats factors Σ = RᵀR by Cholesky with complete pivoting, which stops at the rank of Σ by itself.
func rootOfStats(s Stats) (gaussian, error) {
	if err := s.validate(); err != nil {
		return gaussian{}, err
	}
	if s.N == 1 {
		return gaussian{}, errOneImage
	}
	var cholesky mat.PivotedCholesky
	cholesky.Factorize(s.Cov, -1)

	// N centred rows span at most N−1 directions; a later pivot is rounding noise, whose square root would show.
	d, rank := len(s.Mean), cholesky.Rank()
	if s.N > 1 {
		rank = min(rank, s.N-1)
	}
	g := gaussian{mean: s.Mean}
	if rank > 0 {
		g.root = mat.NewDense(rank, d, nil)
		u, pivots := cholesky.RawU(), cholesky.ColumnPivots(nil)
		for i := range rank {
			for k := i; k < d; k++ {
				g.root.Set(i, pivots[k], u.At(i, k))
			}
		}
	}

	// A positive semi-definite Σ is used up by its root; an indefinite one is not.
	if want, got := mat.Trace(s.Cov), g.trace(); math.Abs(got-want) > 1e-6*math.Max(got, want) || want < 0 {
		return gaussian{}, fmt.Errorf("eval: FID: tr Cov = %g but tr RᵀR = %g, want a positive semi-definite covariance", want, got)
	}
	return g, nil
}

// trace is tr Σ = ‖R‖_F².
func (g gaussian) trace() float64 {
	if g.root == nil {
		return 0
	}
	norm := mat.Norm(g.root, 2)
	return norm * norm
}

// frechet is |μ₁−μ₂|² + ‖R₁‖_F² + ‖R₂‖_F² − 2‖R₁R₂ᵀ‖_*.
func frechet(a, b gaussian) (float64, error) {
	if len(a.mean) != len(b.mean) {
		return 0, fmt.Errorf("eval: FID: dimensions = %d and %d, want equal", len(a.mean), len(b.mean))
	}
	var cross float64
	if a.root != nil && b.root != nil {
		var product mat.Dense
		product.Mul(a.root, b.root.T())
		var svd mat.SVD
		if !svd.Factorize(&product, mat.SVDNone) {
			return 0, errors.New("eval: FID: singular values of R₁R₂ᵀ did not converge, want finite covariances of usual size")
		}
		cross = floats.Sum(svd.Values(nil))
	}
	distance := floats.Distance(a.mean, b.mean, 2)
	fid := distance*distance + a.trace() + b.trace() - 2*cross
	if math.IsNaN(fid) || math.IsInf(fid, 0) {
		return 0, fmt.Errorf("eval: FID = %v, want a finite number: the statistics overflow", fid)
	}
	// 2‖R₁R₂ᵀ‖_* ≤ ‖R₁‖_F² + ‖R₂‖_F² always, so whatever is below zero is rounding.
	return math.Max(fid, 0), nil
}
