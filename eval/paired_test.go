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
		"t": {2.6111648393354674, got.T}, "p": {0.0796049808179063, got.P}, "difference": {1.25, got.Difference.Mean},
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

func TestHedgesG(t *testing.T) {
	// Means 2 and 4, standard deviations 1: d = 2, and the correction for 4 degrees of freedom is 1 − 3/15.
	g, err := HedgesG([]float64{1, 2, 3}, []float64{3, 4, 5})
	if err != nil || math.Abs(g-1.6) > 1e-12 {
		t.Errorf("g = %g, %v, want 1.6", g, err)
	}
	if _, err := HedgesG([]float64{1}, []float64{3, 4, 5}); err == nil {
		t.Error("one seed: no error")
	}
	if _, err := HedgesG([]float64{1, 1}, []float64{3, 3}); !errors.Is(err, ErrNoSpread) {
		t.Errorf("no spread: %v", err)
	}
}
