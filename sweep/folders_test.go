package sweep

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRunsOnAnyData(t *testing.T) {
	results := filepath.Join(t.TempDir(), "mine [2]")
	if got, err := AllRuns(results); err != nil || len(got) != 1 {
		t.Errorf("of nothing: %q, error %v, want the usual folder alone", got, err)
	}
	if err := os.MkdirAll(filepath.Join(results, "data", "emoji"), 0o777); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(results, "runs"), filepath.Join(results, "data", "emoji", "runs")}
	if got, err := AllRuns(results); err != nil || !slices.Equal(got, want) {
		t.Errorf("folders %q, error %v, want %q", got, err, want)
	}
}
