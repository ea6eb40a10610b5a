package report

import (
	"slices"
	"strings"
	"testing"
)

func cell(name string, fid, clip float64, seeds int) Row {
	around := func(x float64) Estimate { return Estimate{Mean: x, Low: x - 1, High: x + 1, N: seeds} }
	return Row{Name: name, Seeds: seeds, FID: around(fid), CLIP: around(clip)}
}

// An interval over the pictures of one seed is no interval over seeds: it is drawn otherwise where both are seen.
func TestIntervalsOfOneSeedAreDashed(t *testing.T) {
	for _, c := range []struct {
		why    string
		seeds  []int
		dashed []bool
	}{
		{"one seed each", []int{1, 1}, []bool{false, false}},
		{"several each", []int{4, 8}, []bool{false, false}},
		{"both", []int{1, 8}, []bool{true, false}},
	} {
		var table Table
		for _, n := range c.seeds {
			table.Rows = append(table.Rows, cell("a", 40, .8, n))
		}
		f := figure{table: table}
		for i, r := range table.Rows {
			if dashed := f.dashes(i, r.FID) != nil; dashed != c.dashed[i] {
				t.Errorf("%s: row %d is dashed: %t, want %t", c.why, i, dashed, c.dashed[i])
			}
		}
	}
	points, _ := Plane{Tables: []Table{{Rows: []Row{cell("a", 40, .8, 1), cell("b", 50, .7, 8)}, References: []Row{cell("floor", 45, .75, 1)}}}}.points()
	if len(points) != 3 || !points[0].oneSeed || points[1].oneSeed || points[2].oneSeed {
		t.Errorf("points = %+v, want the first alone to be of one seed", points)
	}
}

// A reference far from the cells is named only, unless others have made room for it.
func TestReferencesWithinTheAxesAreDrawn(t *testing.T) {
	cells := []Row{cell("a", 40, .80, 4), cell("b", 50, .82, 4)}
	for _, c := range []struct {
		why     string
		far     Row
		between []Row
		drawn   bool
	}{
		{"alone", cell("floor", 4, .81, 1), nil, false},
		{"with another as far", cell("floor", 19, .81, 1), []Row{cell("teacher", 20, .81, 1)}, true},
	} {
		points, entries := Plane{Tables: []Table{{Rows: cells, References: append([]Row{c.far}, c.between...)}}}.points()
		outside := slices.ContainsFunc(entries, func(e entry) bool { return strings.Contains(e.text, "outside") })
		if drawn := len(points) == 2+len(c.between)+1; drawn != c.drawn || outside == c.drawn {
			t.Errorf("%s: %d points, outside %t, want it drawn: %t", c.why, len(points), outside, c.drawn)
		}
	}
}
