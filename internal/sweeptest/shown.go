// Package sweeptest helps tests that compare what two sweeps leave.
package sweeptest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/addlab/addlab/internal/atomicfile"
)

var times = regexp.MustCompile(`"(seconds|ms_per_image)": [^,\n]*,?`)

// Shown reads the files below root that match the patterns, by name. Of result.json the times are left out, which differ from run to
// run, and of pictures there is the hash, since a difference of bytes says nothing to people. Fewer than least files are a failure.
func Shown(t testing.TB, root string, least int, patterns ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if atomicfile.IsTemporary(path) { // of a killed process
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case filepath.Ext(path) == ".png":
				text = fmt.Appendf(nil, "%x", sha256.Sum256(text))
			case filepath.Base(path) == "result.json":
				text = times.ReplaceAll(text, nil)
			}
			name, _ := filepath.Rel(root, path)
			files[name] = string(text)
		}
	}
	if len(files) < least {
		t.Fatalf("%d files, want tables and runs: %d at least", len(files), least)
	}
	return files
}
