package main

import (
	"bytes"
	"os"
	"path/filepath"
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
	var text bytes.Buffer
	if err := table("a", "b", "c").JSON(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "table.json")
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		now  report.Table
		want int
	}{
		{path, table("a", "b", "c", "d"), 0}, {path, table("b"), 2}, {filepath.Join(t.TempDir(), "none"), table("b"), 0},
	} {
		if got := lacking(c.path, c.now); got != c.want {
			t.Errorf("lacking = %d of %d rows, want %d", got, len(c.now.Rows), c.want)
		}
	}
}
