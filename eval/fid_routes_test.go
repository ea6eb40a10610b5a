package eval

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Three routes to one number: feature roots, pivoted Cholesky of covariances, and the textbook form with symmetric square roots.
func TestFIDRoutesAgree(t *testing.T) {
	const d = 40
	for name, c := range map[string]struct {
		na, nb int
		tol    float64 // of the textbook form: the square root of rounding where a covariance is singular
	}{
		"both full rank":          {400, 300, 1e-12},
		"one side low rank":       {400, 12, 1e-6},
		"both sides low rank":     {9, 14, 1e-6},
		"rank d−1":                {40, 40, 1e-6},
		"n = d and n = d+1":       {40, 41, 1e-6},
		"two images against many": {2, 200, 1e-6},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := cloud(10, c.na, d, 0, 1), cloud(11, c.nb, d, .3, 2)
			sa, sb := must(NewStats(a)), must(NewStats(b))
			fid := must(FID(a, b))
			near(t, "FID of statistics", must(FID(sa, sb)), fid, 1e-12)
			sa.N, sb.N = 0, 0
			near(t, "FID of statistics without n", must(FID(sa, sb)), fid, 1e-6)
			near(t, "textbook FID", textbookFID(sa, sb), fid, c.tol)
		})
	}
}

// textbookFID takes tr√(Σ₁Σ₂) from the eigenvalues of √Σ₁·Σ₂·√Σ₁.
func textbookFID(a, b Stats) float64 {
	var eigen mat.EigenSym
	eigen.Factorize(a.Cov, true)
	var q, half, product mat.Dense
	eigen.VectorsTo(&q)
	root := eigen.Values(nil)
	for i, v := range root {
		root[i] = math.Sqrt(math.Max(v, 0))
	}
	half.Mul(&q, mat.NewDiagDense(len(root), root))
	half.Mul(&half, q.T())
	product.Mul(&half, b.Cov)
	product.Mul(&product, &half)
	d := len(root)
	symmetric := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			symmetric.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	eigen.Factorize(symmetric, false)
	fid := trace(a) + trace(b)
	for _, v := range eigen.Values(nil) {
		fid -= 2 * math.Sqrt(math.Max(v, 0))
	}
	for i := range a.Mean {
		fid += math.Pow(a.Mean[i]-b.Mean[i], 2)
	}
	return fid
}
