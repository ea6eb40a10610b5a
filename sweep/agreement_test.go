package sweep

import (
	"math"
	"strings"
	"testing"

	"github.com/addlab/addlab/report"
)

func measured(axis, cell string, byDefault bool, hashes string, fid ...float64) report.Table {
	r := seeds(cell, fid...)
	r.Default = byDefault
	for i := range r.BySeed {
		r.BySeed[i].Evaluation, r.BySeed[i].CLIP = hashes[i:i+1], .3
	}
	return report.Table{Axis: axis, Rows: []report.Row{r}}
}

// Pairs are found by what was computed, not by the place in a table: differences 1, 2 and 3 have mean 2, standard error 1/√3, and
// t = 2√3 with two degrees of freedom, p = .0742.
func TestAgreementPairsEqualRuns(t *testing.T) {
	here := []report.Table{
		measured("loss", "both", true, "abc", 21, 32, 43),
		measured("r1", "1e-5", true, "abc", 21, 32, 43), // the same runs again
		measured("r1", "0", false, "xy", 50, 60),
	}
	there := []report.Table{measured("disc-cond", "both", true, "dcba", 7, 40, 30, 20), measured("r1", "0", false, "xz", 50, 70)}
	a := Agree(here, there)
	if len(a.Cells) != 2 || a.Cells[0].Name != "default cell" || a.Cells[1].FID.Identical() != 1 {
		t.Fatalf("agreement = %+v, want the default cell with three pairs and r1: 0 with one", a)
	}
	d, p := a.Cells[0].FID.Difference()
	if math.Abs(d.Mean-2) > 1e-12 || p == nil || math.Abs(*p-.0742) > 5e-5 || math.Abs(d.High-d.Mean-4.302653/math.Sqrt(3)) > 1e-5 {
		t.Errorf("difference = %+v, p = %v", d, p)
	}
	var b strings.Builder
	if err := a.Markdown(&b, "mine", "theirs"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"in mine and in theirs\n", "| default cell | 3 | 32.0 | 30.0 | +2.0 ± 2.5 (p = 0.074) | 1.00 | +0.0000 |\n", "| r1: 0 | 1 | 50.0 | 50.0 | +0.0 | – | +0.0000 |\n",
		"| all, by seed | 3 | 36.8 | 35.0 | +1.8 ± 3.1 (p = 0.128) |", "1 of 4 FIDs, 4 of 4 CLIP scores",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
}

// FIDs of a cell that collapsed would be all that the mean over cells tells.
func TestAgreementLeavesCollapsedCellsOutOfTheMean(t *testing.T) {
	random := func(fid float64) report.Table {
		m := measured("student-init", "random", false, "z", fid)
		m.Rows[0].Precision, m.Rows[0].Recall = report.Estimate{Mean: .4, N: 1}, report.Estimate{Mean: .01, N: 1}
		return m
	}
	both := measured("loss", "both", true, "ab", 20, 30)
	a := Agree([]report.Table{both, random(1900)}, []report.Table{both, random(1500)})
	if all := a.All(); len(a.Cells) != 2 || !a.Cells[1].Collapsed || all.FID.Here[0] != 20 || all.FID.There[0] != 20 {
		t.Errorf("agreement = %+v, all = %+v, want a collapsed cell that is not in all", a, all)
	}
	var b strings.Builder
	if err := Agree([]report.Table{random(1900)}, []report.Table{random(1500)}).Markdown(&b, "mine", "theirs"); err != nil || strings.Contains(b.String(), "all, by seed") {
		t.Errorf("%v\n%s\nwant no mean over no cells", err, &b)
	}
}

func TestAgreementOfNothing(t *testing.T) {
	var b strings.Builder
	err := Agree([]report.Table{measured("loss", "both", true, "a", 1)}, []report.Table{measured("loss", "both", true, "b", 1)}).Markdown(&b, "mine", "theirs")
	if err != nil || !strings.HasSuffix(b.String(), "There are none.\n") {
		t.Errorf("%q, %v", b.String(), err)
	}
}
