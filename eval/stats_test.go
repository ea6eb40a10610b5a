package eval

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func sameStats(t *testing.T, name string, got, want Stats, tol float64) {
	t.Helper()
	if got.N != want.N || !floats.EqualApprox(got.Mean, want.Mean, tol) || !mat.EqualApprox(got.Cov, want.Cov, tol) {
		t.Errorf("%s: statistics differ by more than %g", name, tol)
	}
}

// Rows span several blocks and stand far from the origin, where a one-pass E[x²]−E[x]² would lose its digits.
func TestStatsAgainstGonum(t *testing.T) {
	f := cloud(1, 2*blockRows+37, 5, 1000, 1)
	var want mat.SymDense
	stat.CovarianceMatrix(&want, f.dense(0, f.N, nil), nil)
	got := must(NewStats(f))
	if !mat.EqualApprox(got.Cov, &want, 1e-12) {
		t.Errorf("covariance differs from gonum's by more than 1e-12")
	}
}

func TestStatsDoNotDependOnOrder(t *testing.T) {
	f := cloud(2, 700, 6, 3, 2)
	want := must(NewStats(f))
	shuffled := f.Subset(rand.New(rand.NewPCG(3, 3)).Perm(f.N))
	sameStats(t, "shuffled", must(NewStats(shuffled)), want, 1e-12)
}

func TestWithoutABlock(t *testing.T) {
	f := cloud(4, 102, 7, 5, 2)
	for _, size := range []int{1, 12, 100} {
		block, rest := f.Subset(upTo(size)), f.Subset(upTo(f.N)[size:])
		sameStats(t, "rest", must(NewStats(f)).without(must(NewStats(block))), must(NewStats(rest)), 1e-12)
	}
}
