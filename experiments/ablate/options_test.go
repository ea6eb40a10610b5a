package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// The calls that the help shows are understood, down to the names of their cells.
func TestHelpShowsCallsThatWork(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^  go run ./experiments/ablate ((?:--?\S+(?: [^\s-]\S*)?(?: |$))+)`).FindAllStringSubmatch(usage, -1)
	if len(lines) < 8 {
		t.Fatalf("%d calls in the help, want more", len(lines))
	}
	for _, line := range lines {
		var o options
		args := strings.Fields(line[1])
		err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), args)
		if err != nil && o.processes <= runtime.NumCPU() {
			t.Errorf("%q: %v", args, err)
		}
		if _, err := o.axes(); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// Tables of different data do not overwrite each other, unless a folder is named.
func TestFoldersOfOtherData(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("r", 0o777); err != nil {
		t.Fatal(err)
	}
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
