package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// upTo is 0 … n−1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// One point per image at ±1 in one dimension: the kernel is 8 between equals and 0 between opposites.
func TestMMD2ByHand(t *testing.T) {
	x := Features{3, 1, []float32{1, 1, -1}}
	y := Features{2, 1, []float32{-1, -1}}
	// Within x one of three pairs is equal, within y all are, across one third.
	near(t, "MMD2", mmd2(x, y), 8./3+8-2*8./3, 1e-15)
}

func TestKIDIsUnbiased(t *testing.T) {
	values := make([]float64, 300)
	for i := range values {
		seed := uint64(100 + 2*i)
		values[i] = mmd2(cloud(seed, 15, 4, 0, 1), cloud(seed+1, 12, 4, 0, 1))
	}
	mean, std := stat.MeanStdDev(values, nil)
	if stdErr := std / math.Sqrt(float64(len(values))); math.Abs(mean) > 3*stdErr {
		t.Errorf("mean MMD² of equal distributions = %g ± %g, want 0", mean, stdErr)
	}
}

func TestKIDSubsets(t *testing.T) {
	ref, gen := cloud(13, 60, 5, 0, 1), cloud(14, 60, 5, .5, 1)
	whole := mmd2(ref, gen)

	all := must(KID(t.Context(), ref, gen, 3, 60, rand.New(rand.NewPCG(1, 1))))
	near(t, "KID of all images", all.Mean, whole, 1e-12)
	near(t, "its spread", all.Std, 0, 1e-12)

	a := must(KID(t.Context(), ref, gen, 400, 20, rand.New(rand.NewPCG(1, 1))))
	if a != must(KID(t.Context(), ref, gen, 400, 20, rand.New(rand.NewPCG(1, 1)))) {
		t.Error("one seed gives two values")
	}
	if stdErr := a.Std / math.Sqrt(400); math.Abs(a.Mean-whole) > 4*stdErr {
		t.Errorf("mean over subsets = %g ± %g, want the value of the whole %g", a.Mean, stdErr, whole)
	}
}

func TestKIDErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	_, err := KID(t.Context(), cloud(1, 20, 2, 0, 1), cloud(1, 10, 2, 0, 1), 1, 11, r)
	wantError(t, err, "size = 11, want 2 to 10")
	_, err = KID(t.Context(), cloud(1, 20, 2, 0, 1), cloud(1, 10, 2, 0, 1), 0, 5, r)
	wantError(t, err, "subsets = 0")
	_, err = KID(t.Context(), cloud(1, 20, 2, 0, 1), cloud(1, 10, 3, 0, 1), 1, 5, r)
	wantError(t, err, "dimensions = 2 and 3")
}
