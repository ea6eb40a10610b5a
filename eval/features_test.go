package eval

import (
	"math"
	"slices"
	"testing"
)

func TestFeatures(t *testing.T) {
	var f Features
	for _, batch := range []Features{{1, 2, []float32{1, 2}}, {2, 2, []float32{3, 4, 5, 6}}} {
		if err := f.Append(batch); err != nil {
			t.Fatal(err)
		}
	}
	if f.N != 3 || f.D != 2 || !slices.Equal(f.Row(2), []float32{5, 6}) {
		t.Errorf("after two batches: %v, want 3 rows, the last [5 6]", f)
	}
	if got := f.Subset([]int{2, 0}).Data; !slices.Equal(got, []float32{5, 6, 1, 2}) {
		t.Errorf("subset = %v, want [5 6 1 2]", got)
	}
	row := append(f.Row(0), 9)
	if f.Row(1)[0] != 3 {
		t.Errorf("appending to a row (%v) wrote into the next one", row)
	}
	wantError(t, f.Append(Features{1, 3, []float32{1, 2, 3}}), "batch.D = 3, want 2")
}

func TestFeaturesValidate(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, c := range map[string]struct {
		f    Features
		want string
	}{
		"a NaN is named by its row":        {Features{2, 2, []float32{1, 2, 3, nan}}, "row 1, column 1 = NaN"},
		"so is an infinity":                {Features{2, 2, []float32{1, inf, 3, 4}}, "row 0, column 1 = -Inf"},
		"no rows are no features":          {Features{0, 2, nil}, "[0,2]"},
		"a shape must fit the data":        {Features{2, 2, []float32{1}}, "len(features.Data) = 1"},
		"negative sizes must not multiply": {Features{-1, -1, []float32{1}}, "[-1,-1]"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, c.f.Validate(), c.want) })
	}
}
