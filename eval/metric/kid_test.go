package metric

import (
	"slices"
	"strings"
	"testing"
)

func TestFewPicturesMakeSmallerSubsetsWithAWarning(t *testing.T) {
	v := must(KID.Compute(t.Context(), sample(1, 40, 0), sample(11, 30, .5), Options{}))[0]
	if !slices.ContainsFunc(v.Warnings, func(w string) bool { return strings.Contains(w, "subsets of 30, want 1000") }) {
		t.Errorf("warnings = %q, want one of the smaller subsets", v.Warnings)
	}
}

// Subsets that hold all pictures are the same ones: their spread of 0 would look like certainty.
func TestKIDOfAllPicturesHasNoSpread(t *testing.T) {
	if v := must(KID.Compute(t.Context(), sample(1, 30, 0), sample(11, 30, .5), Options{}))[0]; v.Spread != nil || v.SpreadOf != "" {
		t.Errorf("spread = %v of %q, want none", v.Spread, v.SpreadOf)
	}
}

// The spread of a single value is 0, which would look like certainty too.
func TestOneSplitOrSubsetHasNoSpread(t *testing.T) {
	ref, gen := sample(1, 40, 0), sample(11, 30, .5)
	for _, c := range []struct {
		m      Metric
		params map[string]int
		want   bool
	}{
		{InceptionScore, map[string]int{"splits": 1}, false},
		{InceptionScore, map[string]int{"splits": 2}, true},
		{KID, map[string]int{"subsets": 1, "size": 20}, false},
		{KID, map[string]int{"subsets": 2, "size": 20}, true},
	} {
		v := must(c.m.Compute(t.Context(), ref, gen, Options{Params: c.params}))[0]
		if (v.Spread != nil) != c.want || (v.SpreadOf != "") != c.want {
			t.Errorf("%s of %v: spread = %v of %q, want one: %v", c.m.Name, c.params, v.Spread, v.SpreadOf, c.want)
		}
	}
}
