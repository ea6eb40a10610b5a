package report_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

func TestFigureIsDeterministic(t *testing.T) {
	var a, b bytes.Buffer
	if err := lossTable().PNG(&a); err != nil {
		t.Fatal(err)
	}
	if err := lossTable().PNG(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two drawings of one table differ")
	}
}

// Cells are ratios to the cell that their table names; tables without the paper's numbers of that cell have no rows.
func TestVersusComparesWithTheNamedCell(t *testing.T) {
	row := func(name string, fid, paper float64) report.Row {
		r := report.Row{Name: name, Values: values{"fid": eval.Alone(fid, 4), "clip": eval.Alone(.8, 4)}}
		if paper > 0 {
			r.Paper = map[string]float64{"fid": paper, "clip": .3}
		}
		return r
	}
	own := row("own", 40, 0)
	own.Default = true
	rows := []report.Row{own, row("a", 60, 20), row("b", 30, 25)}
	named, unnamed := of(report.Table{Axis: "x", Against: "a", Rows: rows}), of(report.Table{Axis: "y", Rows: rows})
	got := report.Versus("t", []report.Table{named, unnamed, named})
	if len(got.Rows) != 2 || got.Rows[0].Name != "x: b" {
		t.Fatalf("rows = %+v, want b of the first and of the last table", got.Rows)
	}
	var ratios []float64
	for _, panel := range got.Panels {
		ratios = append(ratios, panel.Values[0].Mean)
	}
	if diff := cmp.Diff([]float64{.5, 1.25, 1, 1}, ratios); diff != "" {
		t.Errorf("ratios of b: FID here and in the paper, CLIP (-want +got)\n%s", diff)
	}
	if want := "Ratios to the default cell; in x to a; in x to a"; got.Lead != want {
		t.Errorf("lead = %q, want %q", got.Lead, want)
	}
	if err := report.Versus("nothing", nil).PNG(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}
