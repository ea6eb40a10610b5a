package main

import (
	"flag"
	"path/filepath"
	"testing"
)

// Tables of different data do not overwrite each other, unless a folder is named.
func TestFoldersOfOtherData(t *testing.T) {
	for _, c := range []struct {
		why            string
		args           []string
		out, reference string
	}{
		{"the world itself", nil, "results", "results/reference"},
		{"the other world", []string{"--data", "scenes-free"}, "results/data/scenes-free", "results/reference/data/scenes-free"},
		{"a folder of pictures", []string{"--data", "my/photos/"}, "results/data/photos", "results/reference/data/photos"},
		{"a folder that is called as the world", []string{"--data", "my/scenes"}, "results/data/scenes", "results/reference/data/scenes"},
		{"named folders", []string{"--data", "scenes-free", "--out", "o", "--reference", "r"}, "o", "r"},
	} {
		var o options
		if err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), c.args); err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if o.out != filepath.FromSlash(c.out) || o.reference != filepath.FromSlash(c.reference) {
			t.Errorf("%s: out = %s, reference = %s, want %s and %s", c.why, o.out, o.reference, c.out, c.reference)
		}
	}
}
