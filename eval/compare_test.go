package eval

import (
	"errors"
	"math"
	"testing"
)

func TestPairedIsScipys(t *testing.T) {
	// scipy 1.17.1: stats.ttest_rel([2, 4, 3, 6], [1, 2, 3, 4])
	got, err := Paired([]float64{1, 2, 3, 4}, []float64{2, 4, 3, 6}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]float64{
		"p": {0.0796049808179063, got.P}, "difference": {1.25, got.Difference.Mean},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("%s = %g, want %g", what, pair[1], pair[0])
		}
	}
}

// What all seeds have in common cancels, and the interval leaves out 0 where p is below 5 %.
func TestPairedSeesThroughTheSeeds(t *testing.T) {
	a, b := []float64{10, 20, 30}, []float64{11, 21.1, 30.9}
	paired, err := Paired(a, b, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	welch, err := Welch(a, b, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if paired.P > 0.01 || welch.P < 0.5 || paired.Difference.Low < 0 {
		t.Errorf("paired p = %g, interval from %g; Welch p = %g", paired.P, paired.Difference.Low, welch.P)
	}
	if _, err := Paired([]float64{1, 2}, []float64{2, 3}, 0.95); !errors.Is(err, ErrNoSpread) {
		t.Errorf("equal differences: %v, want ErrNoSpread", err)
	}
	if _, err := Paired([]float64{1}, []float64{2}, 0.95); err == nil {
		t.Error("one pair: no error")
	}
}

// Cells are paired over the seeds that both have; without any in common each has its own variance; anything else decides nothing.
func TestCompareChoosesTheTest(t *testing.T) {
	a := map[int64]float64{1: 10, 2: 20, 3: 30}
	for _, c := range []struct {
		why    string
		b      map[int64]float64
		paired bool
		n      int
		err    error
	}{
		{"the same seeds", map[int64]float64{3: 30.9, 1: 11, 2: 21.1}, true, 3, nil},
		{"two in common", map[int64]float64{1: 11, 2: 22, 9: 500}, true, 2, nil},
		{"none in common", map[int64]float64{4: 11, 5: 21.1}, false, 5, nil},
		{"one in common", map[int64]float64{3: 11, 5: 21.1}, false, 0, ErrFewSeeds},
		{"one seed", map[int64]float64{7: 11}, false, 0, ErrFewSeeds},
		{"no seed", nil, false, 0, ErrFewSeeds},
		{"no spread", map[int64]float64{1: 11, 2: 21, 3: 31}, true, 0, ErrNoSpread},
	} {
		got, err := Compare(a, c.b, 0.95)
		if !errors.Is(err, c.err) || err == nil && (got.Paired != c.paired || got.Difference.N != c.n) {
			t.Errorf("%s: %+v, %v, want paired = %t over %d, error %v", c.why, got, err, c.paired, c.n, c.err)
		}
	}
}
