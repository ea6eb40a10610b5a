package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
