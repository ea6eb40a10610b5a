package eval

import (
	"slices"
	"testing"
)

// line puts one image at each place of the real line.
func line(at ...float32) Features { return Features{len(at), 1, at} }

func TestNeighboursByHand(t *testing.T) {
	for name, c := range map[string]struct {
		ref, gen                             Features
		k                                    int
		precision, recall, density, coverage float64
	}{
		// Radii around 0, 1, 3 with k = 1 are 1, 1, 2: a generated image at 5 is on the edge of the last ball, which is closed for
		// precision and open for density.
		"an edge is inside for precision, outside for density": {line(0, 1, 3), line(5, 5), 1, 1, 0, 0, 0},
		// Radii around 0, 1, 3: 0.5 is in the first two balls, 9 in none; from 0.5 the radius is 8.5, as from 9.
		"one of two is real-looking": {line(0, 1, 3), line(.5, 9), 1, .5, 1, 1, 2. / 3},
		"all the same cloud":         {line(0, 1, 2, 3), line(0, 1, 2, 3), 1, 1, 1, 1, 1},
		"one mode of two":            {line(0, 1, 100, 101), line(.25, .5, .75), 1, 1, .5, 2, .5},
		"duplicates have radius 0":   {line(0, 0, 7, 7), line(0, 7), 1, 1, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			pr, dc := must(PrecisionRecall(t.Context(), c.ref, c.gen, c.k)), must(DensityCoverage(t.Context(), c.ref, c.gen, c.k))
			near(t, "precision", pr.Precision, c.precision, 1e-15)
			near(t, "recall", pr.Recall, c.recall, 1e-15)
			near(t, "density", dc.Density, c.density, 1e-15)
			near(t, "coverage", dc.Coverage, c.coverage, 1e-15)
		})
	}
}

// Naeem et al.: for equal distributions density is 1 and coverage 1 − (n−1)…(n−k)/((2n−1)…(2n−k)) in expectation.
func TestDensityCoverageOfEqualDistributions(t *testing.T) {
	const n, k = 1000, DCNeighbours
	dc := must(DensityCoverage(t.Context(), cloud(17, n, 3, 0, 1), cloud(18, n, 3, 0, 1), k))
	expected := 1.
	for i := 1; i <= k; i++ {
		expected *= float64(n-i) / float64(2*n-i)
	}
	near(t, "density", dc.Density, 1, .05)
	near(t, "coverage", dc.Coverage, 1-expected, .02)
}

func TestNeighboursErrors(t *testing.T) {
	_, err := PrecisionRecall(t.Context(), line(0, 1, 2), line(0, 1), 2)
	wantError(t, err, "k = 2, want < 2")
	_, err = PrecisionRecall(t.Context(), line(0, 1, 2), line(0, 1), 0)
	wantError(t, err, "k = 0, want 1 to 2")
	_, err = DensityCoverage(t.Context(), line(0, 1, 2), line(0), 3)
	wantError(t, err, "k = 3, want 1 to 2")
}

func TestNearest(t *testing.T) {
	gen := Features{N: 2, D: 2, Data: []float32{0, 0, 5, 5}}
	ref := Features{N: 3, D: 2, Data: []float32{4, 6, -1, 0, 9, 9}}
	if got, err := Nearest(gen, ref); err != nil || !slices.Equal(got, []int{1, 0}) {
		t.Errorf("nearest = %v, error %v, want [1 0]", got, err)
	}
	if _, err := Nearest(gen, Features{N: 1, D: 3, Data: []float32{1, 2, 3}}); err == nil {
		t.Error("features of other lengths are no error")
	}
}
