package eval

import (
	"math"
	"testing"
)

func TestInceptionScoreLaws(t *testing.T) {
	const classes = 5
	sure := Features{N: 100, D: classes, Data: make([]float32, 100*classes)} // every class equally often, without doubt
	for i := range sure.N {
		sure.Row(i)[i%classes] = 1000
	}
	for name, c := range map[string]struct {
		logits Features
		splits int
		want   float64
	}{
		"sure and various: the number of classes": {sure, 10, classes},
		"no idea: 1":               {Features{N: 20, D: classes, Data: make([]float32, 20*classes)}, 10, 1},
		"always the same class: 1": {sure.Subset(make([]int, 30)), 10, 1},
		"one image: 1":             {sure.Subset([]int{3}), 1, 1},
		"sorted by class, splits see one each: 1": {sure.Subset([]int{0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14}), 5, 1},
	} {
		near(t, name, must(InceptionScore(c.logits, c.splits)).Mean, c.want, 1e-12)
	}

	// A constant added to all logits of an image says nothing.
	a := cloud(30, 60, classes, 0, 2)
	b := a.Subset(upTo(a.N))
	for i := range b.N {
		for j := range b.Row(i) {
			b.Row(i)[j] += float32(i % 7 * 8)
		}
	}
	near(t, "shifted logits", must(InceptionScore(b, 3)).Mean, must(InceptionScore(a, 3)).Mean, 1e-6)
}

func TestInceptionScoreErrors(t *testing.T) {
	for _, splits := range []int{0, 6} {
		_, err := InceptionScore(cloud(1, 5, 3, 0, 1), splits)
		wantError(t, err, "want 1 to 5")
	}
	_, err := InceptionScore(Features{1, 2, []float32{0, float32(math.NaN())}}, 1)
	wantError(t, err, "column 1 = NaN")
}
