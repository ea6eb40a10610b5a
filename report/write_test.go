package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

func TestWriteAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	paths, err := report.WriteAll(dir, lossTable(), lossTimes())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a file with content", path, err)
		}
		names = append(names, filepath.Base(path))
	}
	if diff := cmp.Diff([]string{"table.md", "table.csv", "table.json", "table.tex", "table.txt", "metrics.png", "times.json"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A folder in the way of the fourth file: the error names it, and the first three are written.
func TestWriteAllReportsFailure(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "table.tex", "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if paths, err := report.WriteAll(dir, lossTable(), lossTimes()); err == nil || len(paths) != 3 {
		t.Errorf("got %d paths and error %v, want the 3 written paths and one", len(paths), err)
	}
}

// Brackets in the name of a folder are no pattern.
func TestTablesAreFoundWhateverTheirFolderIsCalled(t *testing.T) {
	results := filepath.Join(t.TempDir(), "a[b]")
	if _, err := report.WriteAll(filepath.Join(results, "loss"), lossTable(), report.Table{}); err != nil {
		t.Fatal(err)
	}
	if tables, err := report.Tables(results); err != nil || len(tables) != 1 {
		t.Errorf("%d tables, %v, want 1", len(tables), err)
	}
}

// The one row of a table without references stands upright: a line for each metric, and no rule between them.
func TestPlainHasOneRule(t *testing.T) {
	table := report.Table{Title: "against real", RowNoun: "system", Rows: []report.Row{{Name: "mine", Images: 40, Values: map[string]eval.Estimate{}}}}
	for _, name := range []string{"fid", "kid", "pr"} {
		table.Metrics = append(table.Metrics, report.Metric{Key: name, Name: name, Better: report.Lower, Main: true})
		table.Rows[0].Values[name] = eval.Estimate{Mean: 1, Low: 1, High: 1, N: 1}
	}
	var b strings.Builder
	if err := table.Plain(&b); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n  ---"); got != 1 {
		t.Errorf("%d rules, want 1:\n%s", got, &b)
	}
}
