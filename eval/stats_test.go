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

func TestStatsDoNotDependOnOrderOrBatches(t *testing.T) {
	f := cloud(2, 700, 6, 3, 2)
	want := must(NewStats(f))
	shuffled := f.Subset(rand.New(rand.NewPCG(3, 3)).Perm(f.N))
	sameStats(t, "shuffled", must(NewStats(shuffled)), want, 1e-12)

	for _, size := range []int{1, 64, 699, 700} {
		var batches []Stats
		for from := 0; from < f.N; from += size {
			rows := upTo(f.N)[from:min(from+size, f.N)]
			batches = append(batches, must(NewStats(f.Subset(rows))))
		}
		sameStats(t, "merged", must(Merge(batches...)), want, 1e-12)
	}
}

func TestMergeErrors(t *testing.T) {
	_, err := Merge()
	wantError(t, err, "batches = 0")
	_, err = Merge(must(NewStats(cloud(1, 3, 2, 0, 1))), must(NewStats(cloud(1, 3, 4, 0, 1))))
	wantError(t, err, "batch 1 has N = 3, dimension 4, want N ≥ 1, dimension 2")
	_, err = Merge(gauss([]float64{0}, []float64{1}))
	wantError(t, err, "N = 0")
	_, err = Merge(Stats{})
	wantError(t, err, "len(Mean) = 0")
}

func TestWithoutUndoesMerge(t *testing.T) {
	a, b := must(NewStats(cloud(4, 90, 7, 5, 2))), must(NewStats(cloud(5, 12, 7, 3, 1)))
	sameStats(t, "rest", must(Merge(a, b)).without(b), a, 1e-12)
	one := must(NewStats(cloud(6, 1, 7, 0, 1)))
	sameStats(t, "rest after one image", must(Merge(a, one)).without(one), a, 1e-12)
}
