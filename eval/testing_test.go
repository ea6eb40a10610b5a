package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// cloud draws n points of N(mean, scale²) in d dimensions.
func cloud(seed uint64, n, d int, mean, scale float64) Features {
	r := rand.New(rand.NewPCG(seed, 0))
	f := Features{N: n, D: d, Data: make([]float32, n*d)}
	for i := range f.Data {
		f.Data[i] = float32(mean + scale*r.NormFloat64())
	}
	return f
}

// gauss is a Gaussian with known mean and diagonal covariance.
func gauss(mean, variance []float64) Stats {
	cov := mat.NewSymDense(len(mean), nil)
	for i, v := range variance {
		cov.SetSym(i, i, v)
	}
	return Stats{Mean: mean, Cov: cov}
}

func repeat(v float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// near fails when got is off by more than tol, relative where want is above 1 in size.
func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %.15g, want %.15g ± %g", name, got, want, tol)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// wantError fails unless the error names what was wrong.
func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error = %v, want one with %q", err, part)
	}
}

// A wide spectrum, no zero: variances 1 … 1e-16 and √ of them 1 … 1e-8.
func decades(d int) []float64 {
	x := make([]float64, d)
	for i := range x {
		x[i] = math.Pow(10, -16*float64(i)/float64(d-1))
	}
	return x
}

func trace(s Stats) float64 { return mat.Trace(s.Cov) }

func sum(x []float64) (total float64) {
	for _, v := range x {
		total += v
	}
	return total
}

func scaled(by float64, x []float64) []float64 {
	for i := range x {
		x[i] *= by
	}
	return x
}

// orthogonal is Q of a random matrix.
func orthogonal(d int) *mat.Dense {
	x := cloud(12, d, d, 0, 1)
	var qr mat.QR
	qr.Factorize(x.dense(0, d, nil))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

func rotate(q *mat.Dense, s Stats) Stats {
	if q == nil {
		return s
	}
	d := len(s.Mean)
	var mean, cov mat.Dense
	mean.Mul(q, mat.NewDense(d, 1, s.Mean))
	cov.Product(q, s.Cov, q.T())
	out := Stats{N: s.N, Mean: mean.RawMatrix().Data, Cov: mat.NewSymDense(d, nil)}
	for i := range d {
		for j := i; j < d; j++ {
			out.Cov.SetSym(i, j, (cov.At(i, j)+cov.At(j, i))/2)
		}
	}
	return out
}
