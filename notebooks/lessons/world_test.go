package lessons

import (
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
)

// A world's shipped networks draw the captions of a split, and every picture has a neighbour among those of training.
func TestAWorldIsShown(t *testing.T) {
	if testing.Short() {
		t.Skip("draws with the shipped networks")
	}
	l, err := open("scenes", "smoke", "go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	l.Runs = t.TempDir()
	if _, _, err := l.Split("nowhere", 1); err == nil || !strings.Contains(err.Error(), `no split "nowhere"`) {
		t.Errorf("error = %v, want one that names the split", err)
	}
	g, err := l.Unseen("novel", 1)
	drawn(t, g, err)
	if len(g.Rows) != 3 || len(g.Rows[2].Images) != columns {
		t.Errorf("%d rows, want real pictures, the teacher's and the student's", len(g.Rows))
	}
	const n = 12
	_, train, err := first(l.Data.Train(), n)
	if err != nil {
		t.Fatal(err)
	}
	g, err = l.Nearest(pipeline.Named{Name: "teacher", Sampling: pipeline.Teacher(1, Guidance)}, n)
	drawn(t, g, err)
	for i, near := range g.Rows[1].Images {
		if !slices.ContainsFunc(train, func(m dataset.Image) bool { return slices.Equal(m.Pix, near.Pix) }) {
			t.Errorf("the neighbour of picture %d is none of training", i)
		}
	}
}
