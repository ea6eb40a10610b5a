package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

func TestWriteAll(t *testing.T) {
	want := []string{"dir/table.md", "dir/table.csv", "dir/table.json", "dir/table.tex", "dir/table.txt", "dir/metrics.png", "dir/times.json"}

	var written []string
	got, err := report.WriteAll("dir", lossTable(), lossTimes(), func(path string, data []byte) error {
		if len(data) == 0 {
			t.Errorf("%s is empty", path)
		}
		written = append(written, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = filepath.ToSlash(got[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestWriteAllReportsFailure(t *testing.T) {
	full := errors.New("disk full")
	n := 0
	paths, err := report.WriteAll("dir", lossTable(), lossTimes(), func(string, []byte) error {
		if n++; n == 3 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || len(paths) != 2 {
		t.Errorf("got %d paths and error %v, want the 2 written paths and %v", len(paths), err, full)
	}
}

func TestWriteAllWithoutWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	paths, err := report.WriteAll(dir, lossTable(), lossTimes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a file with content", path, err)
		}
	}
}

func TestWriteFileRendersFirst(t *testing.T) {
	err := report.WriteFile("grid.png", plot.Grid{}.PNG, func(string, []byte) error {
		t.Error("an empty grid was written")
		return nil
	})
	if err == nil {
		t.Error("an empty grid gave no error")
	}
}
