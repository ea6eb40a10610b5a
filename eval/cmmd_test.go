package eval

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// Opposite directions are 2 apart: 1000·(1 + 1 − 2·exp(−4/200)).
func TestCMMDByHand(t *testing.T) {
	x, y := Features{2, 2, []float32{1, 0, 3, 0}}, Features{1, 2, []float32{-5, 0}}
	near(t, "CMMD", must(CMMD(t.Context(), x, y, 0)).Value, -2000*math.Expm1(-.02), 1e-12)
	near(t, "of lengths alone", must(CMMD(t.Context(), x, Features{1, 2, []float32{7, 0}}, 0)).Value, 0, 1e-12)
}

func TestCMMDLaws(t *testing.T) {
	a, b := cloud(31, 300, 16, .3, 1), cloud(32, 270, 16, 0, 1)
	ab := must(CMMD(t.Context(), a, b, 0))
	near(t, "of a set and itself", must(CMMD(t.Context(), a, a, 0)).Value, 0, 1e-10)
	near(t, "exchanged", must(CMMD(t.Context(), b, a, 0)).Value, ab.Value, 1e-10)
	near(t, "with groups", must(CMMD(t.Context(), a, b, 20)).Value, ab.Value, 1e-10)
	if !math.IsInf(ab.StdErr, 1) {
		t.Errorf("standard error without groups = %v, want +Inf", ab.StdErr)
	}
}

// The closed forms of the jackknife must equal the CMMDs that are worked out without each group.
func TestCMMDJackknifeDeletesGroups(t *testing.T) {
	const blocks = 7
	a, b := cloud(33, 50, 8, 0, 1), cloud(34, 40, 8, .2, 1)
	var without []float64
	for g := range blocks {
		without = append(without, must(CMMD(t.Context(), a, b.ofBlock(g, blocks, false), 0)).Value)
	}
	_, variance := stat.PopMeanVariance(without, nil)
	near(t, "standard error", must(CMMD(t.Context(), a, b, blocks)).StdErr, math.Sqrt((blocks-1)*variance), 1e-9)
}

func TestCMMDErrors(t *testing.T) {
	ok := cloud(1, 10, 2, 0, 1)
	_, err := CMMD(t.Context(), ok, Features{2, 2, []float32{1, 1, 0, 0}}, 0)
	wantError(t, err, "generated row 1 has length 0")
	for _, blocks := range []int{1, 11, -3} {
		_, err = CMMD(t.Context(), ok, ok, blocks)
		wantError(t, err, "want 0 or 2 to 10")
	}
}
