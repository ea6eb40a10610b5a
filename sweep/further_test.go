package sweep

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/report"
)

// A further number tells rows apart by the seeds that have it; one that was measured for a single seed, or for other rows only, tells
// nothing.
func TestFurtherNumbersAreComparedWithTheDefault(t *testing.T) {
	with := func(name string, imbalance ...float64) report.Row {
		r := seeds(name, make([]float64, 4)...)
		for i, v := range imbalance {
			r.BySeed[i].Further = map[string]float64{"imbalance": v}
		}
		return r
	}
	rows := []report.Row{
		with("both", .36, .38, .40, .38), with("far", .12, .10, .14), with("near", .36, .37, .41), with("one seed", .1), with("none"), gone("gone"),
	}
	rows[0].Default = true
	compareFurther(rows)
	var told []string
	for _, r := range rows {
		p, ok := r.PFurther["imbalance"]
		if ok != (r.Name == "far" || r.Name == "near") || len(r.PFurther) > 1 {
			t.Errorf("%s: p = %v", r.Name, r.PFurther)
		}
		if ok && p < .05 {
			told = append(told, r.Name)
		}
	}
	if diff := cmp.Diff([]string{"far"}, told); diff != "" {
		t.Errorf("rows that differ (-want +got)\n%s", diff)
	}
}

// Every further metric that report knows is filled in from a measurement, and no other.
func TestFurtherNumbersHaveTheKeysOfReport(t *testing.T) {
	x := 0.5
	var o Outcome
	o.Align, o.AlignStdErr, o.Novel, o.NovelStdErr, o.Density, o.Coverage, o.Imbalance = &x, &x, &x, &x, &x, &x, &x
	found := o.further()
	for _, m := range report.FurtherMetrics {
		if _, ok := found[m.Key]; !ok {
			t.Errorf("%s is not filled in", m.Key)
		}
		delete(found, m.Key)
	}
	if len(found) > 0 {
		t.Errorf("report does not know %v", found)
	}
}
