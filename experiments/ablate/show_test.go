package main

import (
	"testing"

	"github.com/addlab/addlab/report"
)

// A call for fewer seeds makes the table anew: what it had is counted, so that it can be said.
func TestLacking(t *testing.T) {
	table := func(evaluations ...string) (t report.Table) {
		t.Metrics = []report.Metric{{Key: "fid", Name: "FID"}}
		for _, e := range evaluations {
			t.Rows = append(t.Rows, report.Row{Name: e, BySeed: []report.Seed{{Seed: 1, Evaluation: e}}})
		}
		return t
	}
	for _, c := range []struct {
		before, now report.Table
		want        int
	}{
		{table("a", "b", "c"), table("a", "b", "c", "d"), 0}, {table("a", "b", "c"), table("b"), 2}, {report.Table{}, table("b"), 0},
	} {
		if got := lacking(c.before, c.now); got != c.want {
			t.Errorf("lacking = %d of %d rows, want %d", got, len(c.now.Rows), c.want)
		}
	}
}
