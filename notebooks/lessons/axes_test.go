package lessons

import (
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/sweep"
)

// Where the default cell of today was not measured, the earlier one's tables are shown and say so: a GPU's where it measured more cells
// (lambda), else what was measured on processors.
func TestResultsOfTheEarlierDefault(t *testing.T) {
	l, err := open("scenes", "smoke", "go")
	if err != nil {
		t.Fatal(err)
	}
	l.Runs = t.TempDir()
	for _, c := range []struct {
		folder, label string
		found         bool
	}{
		{"lambda", ", earlier default cell, on a GPU", true}, {"r1", ", earlier default cell, on a GPU", true},
		{"data/scenes-free/disc-cond", ", earlier default cell, on a GPU", true},
		{"disc-cond", "Discriminator conditioning", true}, {"data/scenes-free/loss", ", earlier default cell", true},
		{"student-arch-of-nobody", "", false},
	} {
		s, found, err := l.results(c.folder)
		if err != nil || found != c.found {
			t.Fatalf("%s: found %t (%v), want %t", c.folder, found, err, c.found)
		}
		if !strings.HasSuffix(s.Table.Title, c.label) {
			t.Errorf("%s: the title %q, want %q at its end", c.folder, s.Table.Title, c.label)
		}
	}
}

func TestACellOfPublishedNetworksDoesNotKeepTheOthersFromTraining(t *testing.T) {
	l, err := open("scenes", "cpu", "go")
	if err != nil {
		t.Fatal(err)
	}
	axis, err := ablations.Lookup("disc-features")
	if err != nil {
		t.Fatal(err)
	}
	had, leftOut, err := l.had(axis, l.Config())
	if err != nil {
		t.Fatal(err)
	}
	if want := "left out: disc-features, cell efficientnet-lite0: "; !strings.HasPrefix(leftOut, want) || len(had.Cells) != len(axis.Cells)-2 {
		t.Errorf("%d of %d cells, %q, want two less and %q", len(had.Cells), len(axis.Cells), leftOut, want)
	}
	inputs, err := sweep.NewInputs(l.Bundle, l.Data, l.Scale, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sweep.NewPlan(inputs, l.Config(), []ablations.Axis{had}, []int64{1}); err != nil {
		t.Error(err)
	}
}
