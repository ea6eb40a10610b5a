package sweep

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/report"
)

func TestSeedsAreNamed(t *testing.T) {
	row := func(seeds ...int64) (r report.Row) {
		for _, s := range seeds {
			r.BySeed = append(r.BySeed, report.Seed{Seed: s})
		}
		return r
	}
	for _, c := range []struct {
		why  string
		rows []report.Row
		want string
	}{
		{"a range", []report.Row{row(3, 4, 5, 6), row(6, 5, 4, 3)}, "over 4 seeds (3 to 6); "},
		{"gaps", []report.Row{row(0, 1, 3, 8, 9, 10)}, "over 6 seeds (0, 1, 3, 8 to 10); "},
		{"cells that are missing, or have one seed", []report.Row{row(), row(1, 2), row(7)}, "over 2 seeds (1, 2); "},
		{"cells of different seeds", []report.Row{row(1, 2), row(2, 3)}, "over 2 seeds; "},
		{"cells of unlike many seeds", []report.Row{row(1, 2), row(1, 2, 3)}, "over 2 to 3 seeds; "},
		{"one seed", []report.Row{row(4)}, "One seed: "},
	} {
		if got := (&Plan{}).notes(report.Table{Rows: c.rows}); len(got) == 0 || !strings.Contains(got[0], c.want) {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
	if got := (&Plan{}).notes(report.Table{}); len(got) > 0 {
		t.Errorf("of nothing: %q", got)
	}
}

// The scale's note is the first. Cells that were trained differently and do not differ in any value are named.
func TestNotesNameSmokeAndIdenticalCells(t *testing.T) {
	row := func(name, run string, fid float64) report.Row {
		return report.Row{Name: name, BySeed: []report.Seed{{Seed: 1, Run: run, Values: map[string]float64{"fid": fid}}}}
	}
	notes := (&Plan{Scale: "smoke"}).notes(report.Table{Rows: []report.Row{row("a", "1", 20), row("b", "2", 20), row("same run as a", "1", 20), row("c", "3", 21)}})
	if !strings.HasPrefix(notes[0], "Scale smoke") {
		t.Errorf("notes = %q, want that of the scale first", notes)
	}
	want := []string{"a and b have identical results: the change made no difference here.", "b and same run as a have identical results: the change made no difference here."}
	if diff := cmp.Diff(want, notes[2:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
