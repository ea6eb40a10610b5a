package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/tinybundle"
)

// judgedBy is a set of named pictures with a caption each, and their values but for those that are broken.
func judgedBy(value func(caption int) float64, name string, captions []int, broken ...int) (input, judged) {
	in, j := input{spec: name}, judged{values: []metric.Value{{Name: "clip-score"}}}
	missing := map[int]bool{}
	for _, i := range broken {
		missing[i] = true
	}
	for i, caption := range captions {
		in.set.Items = append(in.set.Items, pictures.Item{Name: fmt.Sprintf(name, caption), Caption: fmt.Sprint("caption ", caption)})
		if !missing[i] {
			j.items = append(j.items, i)
			j.values[0].PerImage = append(j.values[0].PerImage, value(caption))
		}
	}
	return in, j
}

// Captions differ far more than the systems, so that any other pairing shows.
func TestPairsAreOfTheSamePicture(t *testing.T) {
	theirs := func(caption int) float64 { return 10 * float64(caption*caption) }
	mine := func(caption int) float64 { return theirs(caption) + .5 }
	all, backwards := []int{0, 1, 2, 3, 4, 5}, []int{5, 4, 3, 2, 1, 0}
	type side struct {
		name     string
		captions []int
		broken   []int
	}
	for _, c := range []struct {
		why           string
		first, second side
		want          int // pairs
	}{
		{"whole sets", side{"%d.png", all, nil}, side{"%d.png", all, nil}, 6},
		{"one broken in each", side{"%d.png", all, []int{1}}, side{"%d.png", all, []int{4}}, 4},
		{"the same one broken", side{"%d.png", all, []int{2}}, side{"%d.png", all, []int{2}}, 5},
		{"names in another order", side{"%d.png", all, []int{0}}, side{"%d.png", backwards, []int{0}}, 4},
		{"some of the names", side{"%d.png", all, nil}, side{"%d.png", all[2:], nil}, 4},
		{"other names, captions in the same places", side{"%d.png", all, []int{1}}, side{"b/%d.jpg", all, []int{4}}, 4},
		{"other names, captions in other places", side{"%d.png", all, nil}, side{"b/%d.jpg", backwards, nil}, 0},
		{"other names, other numbers", side{"%d.png", all, nil}, side{"b/%d.jpg", all[1:], nil}, 0},
		{"too few in common", side{"%d.png", all, []int{0, 1, 2}}, side{"%d.png", all, []int{3, 4}}, 0},
	} {
		a, first := judgedBy(mine, c.first.name, c.first.captions, c.first.broken...)
		b, second := judgedBy(theirs, c.second.name, c.second.captions, c.second.broken...)
		e := &evaluation{options: options{confidence: .95}, sets: []input{{}, a, b}}
		got, err := e.pairs([]judged{first, second}, 0)
		if err != nil {
			t.Fatal(err)
		}
		switch want := (eval.Estimate{Mean: .5, Low: .5, High: .5, N: c.want}); {
		case c.want == 0 && len(got) > 0, c.want > 0 && (len(got) != 1 || got[0].Difference != want):
			t.Errorf("%s: %+v, want a first set that is .5 better in %d pairs", c.why, got, c.want)
		}
	}
	a, first := judgedBy(mine, "%d.png", all)
	b, second := judgedBy(theirs, "%d.png", all)
	b.set.Items[3].Caption = "another"
	e := &evaluation{options: options{confidence: .95}, sets: []input{{}, a, b}}
	if got, err := e.pairs([]judged{first, second}, 0); err != nil || got != nil {
		t.Errorf("other captions under the same names: %+v, %v, want nothing", got, err)
	}
}

func TestPairedDifferencesAreFirstLessSecond(t *testing.T) {
	alone(t)
	bundle := tinybundle.Write(t, "classifier", "pair")
	first, second, copied := album(t, 60, 1, true), album(t, 60, 2, true), t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(first)); err != nil {
		t.Fatal(err)
	}
	args := func(second string) []string {
		return []string{first, first, second, "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "clip-score"}
	}
	r := callJSON(t, args(second)...)
	mean := func(i int) float64 { return r.Generated[i].Values[0].Estimate.Mean }
	if len(r.Paired) != 1 || math.Abs(r.Paired[0].Difference.Mean-(mean(0)-mean(1))) > 1e-12 || mean(0) == mean(1) {
		t.Fatalf("paired = %+v, want %g − %g", r.Paired, mean(0), mean(1))
	}
	text, _ := call(t, append(args(second), "--format", "markdown")...) // which folds no lines
	if want := fmt.Sprintf("%s less %s, picture by picture over 60: %+.4f [", first, second, mean(0)-mean(1)); !strings.Contains(text, want) {
		t.Errorf("text = %s, want %q", text, want)
	}

	// Of the same pictures every pair is equal, also where one is broken in either set.
	put(t, filepath.Join(first, "0003.png"), "")
	put(t, filepath.Join(copied, "0030.png"), "")
	r = callJSON(t, args(copied)...)
	if want := (eval.Estimate{N: 58}); len(r.Paired) != 1 || r.Paired[0].Difference != want {
		t.Errorf("paired = %+v, want 58 pairs that are equal", r.Paired)
	}
}
