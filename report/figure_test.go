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

// Cells are ratios to the cell that their table names; tables without the paper's numbers of that cell have no points, and do not count
// among the marks.
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
	if len(got.Points) != 2 || got.Points[0].Name != "x: b" || got.Points[0].Group != 0 || got.Points[1].Group != 1 {
		t.Fatalf("points = %+v, want b of the first and of the last table", got.Points)
	}
	if diff := cmp.Diff([][]float64{{1.25, 1}, {.5, 1}}, [][]float64{got.Points[0].Across, got.Points[0].Up}); diff != "" {
		t.Errorf("ratios (-want +got)\n%s", diff)
	}
	if want := "Ratios to the default cell; in x to a; in x to a. "; got.Note[:len(want)] != want {
		t.Errorf("note = %q", got.Note)
	}
	if err := report.Versus("nothing", nil).PNG(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}
