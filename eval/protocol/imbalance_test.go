package protocol

import (
	"math"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
)

// pictures of lone objects on these backgrounds, of captions that state all but the background where open says so.
func onBackgrounds(backgrounds []int, open func(i int) bool) (c scoredSet) {
	for i, b := range backgrounds {
		scene := dataset.Scene{Background: b, Objects: []dataset.Object{{Shape: 1, Color: 2, Size: i % 2}}}
		all := scene.Attributes()
		for a, class := range all {
			if class < 0 {
				all[a] = 0 // what a classifier says of objects that are not there
			}
			c.Classes = append(c.Classes, int32(all[a]))
		}
		stated := scene.Attributes()
		if open(i) {
			stated[2] = -1
		}
		c.Facts = append(c.Facts, facts(stated))
	}
	return c
}

// facts are those of a caption that states so much.
func facts(stated dataset.Attributes) dataset.Facts {
	f := dataset.Facts{States: stated[:]}
	for a := range stated {
		f.Open = append(f.Open, stated.LeavesOpen(a))
	}
	return f
}

var attributes = tinyworld.New().Attributes()

// Real backgrounds are black, gray and white in equal parts. Painting the open ones white leaves two thirds to be changed, whatever
// the stated ones are.
func TestImbalanceIsOfWhatCaptionsLeaveOpen(t *testing.T) {
	all, odd := func(int) bool { return true }, func(i int) bool { return i%2 == 1 }
	real := onBackgrounds([]int{0, 1, 2, 0, 1, 2}, all)
	for _, c := range []struct {
		name string
		got  scoredSet
		want float64
	}{
		{"the same", real, 0},
		{"in another order", onBackgrounds([]int{2, 2, 1, 1, 0, 0}, all), 0},
		{"all white", onBackgrounds([]int{2, 2, 2, 2, 2, 2}, all), 2. / 3},
		{"white where it is open", onBackgrounds([]int{0, 2, 1, 2, 0, 2}, odd), 2. / 3},
		{"no black", onBackgrounds([]int{1, 2, 1, 2}, all), 1. / 3},
	} {
		var m Metrics
		if err := m.balance(attributes, real, c.got); err != nil {
			t.Fatal(err)
		}
		if m.Imbalance == nil || math.Abs(*m.Imbalance-c.want) > 1e-12 || len(m.ImbalanceBy) != 1 || m.ImbalanceBy["background"] != *m.Imbalance {
			t.Errorf("%s: %v, by attribute %v, want %g of the background alone", c.name, m.Imbalance, m.ImbalanceBy, c.want)
		}
	}
}

// Attributes count as often as captions leave them open.
func TestImbalanceWeighsAttributesByHowOftenTheyAreOpen(t *testing.T) {
	all := func(int) bool { return true }
	real, got := onBackgrounds([]int{0, 1, 2, 0, 1, 2}, all), onBackgrounds([]int{2, 2, 2, 2, 2, 2}, all)
	for _, i := range []int{0, 1} { // the sizes of two pictures, alike in both: one small, one large
		real.Facts[i].Open[5], got.Facts[i].Open[5] = true, true
	}
	var m Metrics
	if err := m.balance(attributes, real, got); err != nil {
		t.Fatal(err)
	}
	if want := (6*2./3 + 2*0) / 8; math.Abs(*m.Imbalance-want) > 1e-12 || m.ImbalanceBy["first size"] != 0 {
		t.Errorf("%g, by attribute %v, want %g", *m.Imbalance, m.ImbalanceBy, want)
	}
}

func TestImbalanceOfNothingOpenIsUnknown(t *testing.T) {
	none := onBackgrounds([]int{0, 1, 2}, func(int) bool { return false })
	var m Metrics
	if err := m.balance(attributes, none, none); err != nil || m.Imbalance != nil || m.ImbalanceBy != nil {
		t.Errorf("%v, %v, error %v, want nothing", m.Imbalance, m.ImbalanceBy, err)
	}
}
