package sweep

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/report"
)

// FolderOf is where tables and runs on a set go within results: a subfolder for each, and results itself for scenes.
func FolderOf(results string, set dataset.Spec) string {
	if set.Name == "scenes" {
		return results
	}
	return filepath.Join(results, report.DataFolder, set.Label())
}

// RunsOf are the folders that may hold runs on a set, where results may be its own folder as well.
func RunsOf(results string, set dataset.Spec) []string {
	return slices.Compact([]string{filepath.Join(FolderOf(results, set), "runs"), filepath.Join(results, "runs")})
}

// AllRuns are the folders of runs within results, on any set.
func AllRuns(results string) ([]string, error) {
	dirs := []string{filepath.Join(results, "runs")}
	others, err := os.ReadDir(filepath.Join(results, report.DataFolder))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, set := range others {
		dirs = append(dirs, filepath.Join(results, report.DataFolder, set.Name(), "runs"))
	}
	return dirs, err
}
