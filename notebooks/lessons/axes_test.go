package lessons

import (
	"strings"
	"testing"
)

// What a GPU alone measured, or measured more cells of (lambda), is shown and says so; else what was measured here goes before it.
func TestResultsOfAGPU(t *testing.T) {
	l, err := open("smoke", "go")
	if err != nil {
		t.Fatal(err)
	}
	l.Runs = t.TempDir()
	for _, c := range []struct {
		folder       string
		found, label bool
	}{
		{"lambda", true, true}, {"r1", true, true}, {"data/scenes-free/disc-cond", true, true},
		{"disc-cond", true, false}, {"data/scenes-free/loss", true, false},
		{"student-arch-of-nobody", false, false},
	} {
		s, found, err := l.results(c.folder)
		if err != nil || found != c.found {
			t.Fatalf("%s: found %t (%v), want %t", c.folder, found, err, c.found)
		}
		if label := strings.HasSuffix(s.Table.Title, ", on a GPU"); label != c.label {
			t.Errorf("%s: the title %q says on a GPU: %t, want %t", c.folder, s.Table.Title, label, c.label)
		}
	}
}
