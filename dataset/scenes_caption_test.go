package dataset

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// understand reads a caption as a person would and gives what it states.
func understand(t *testing.T, caption string) Attributes {
	t.Helper()
	a := unstated()
	text := strings.TrimPrefix(caption, "a picture of ")
	if before, place, ok := strings.Cut(text, " on a "); ok {
		text = before
		a[2] = slices.IndexFunc(Backgrounds, func(n named) bool { return n.Name+" background" == place })
		if a[2] < 0 {
			t.Fatalf("%q: no background %q", caption, place)
		}
	}

	phrases := []string{text}
	a[1] = Alone
	for relation, arrangement := range map[string]int{" left of ": Row, " above ": Column, " right of ": Row, " below ": Column} {
		if first, second, ok := strings.Cut(text, relation); ok {
			phrases, a[1] = []string{first, second}, arrangement
			if relation == " right of " || relation == " below " {
				slices.Reverse(phrases)
			}
		}
	}
	if list, arrangement, ok := strings.Cut(text, " in a "); ok {
		a[1] = map[string]int{"row": Row, "column": Column}[arrangement]
		rest, last, _ := strings.Cut(list, " and ")
		phrases = append(strings.Split(rest, ", "), last)
	}
	a[0] = len(phrases) - 1

	for i, phrase := range phrases {
		words := strings.Fields(phrase)
		if article := words[0]; (article == "an") != strings.ContainsAny(words[1][:1], "aeiou") || article != "a" && article != "an" {
			t.Errorf("%q: article of %q", caption, phrase)
		}
		words = words[1:]
		if size := slices.Index(Sizes, words[0]); size >= 0 {
			a[5+3*i], words = size, words[1:]
		}
		if color := slices.IndexFunc(Colors, func(n named) bool { return n.Name == words[0] }); color >= 0 {
			a[4+3*i], words = color, words[1:]
		}
		if len(words) != 1 {
			t.Fatalf("%q: %q left of %q", caption, words, phrase)
		}
		if words[0] != "shape" {
			a[3+3*i] = slices.Index(Shapes, words[0])
			if a[3+3*i] < 0 {
				t.Fatalf("%q: no shape %q", caption, words[0])
			}
		}
	}
	return a
}

func TestCaptionsSayWhatTheyState(t *testing.T) {
	const n = 2000
	source := world(t, 3).Split("all")
	left, told, asked := map[string]int{}, map[int]int{}, map[int]int{}
	for i := range n {
		scene, caption, stated := source.Scene(i)
		if diff := cmp.Diff(understand(t, caption), stated); diff != "" {
			t.Fatalf("%q (-read +stated):\n%s", caption, diff)
		}
		for k, fact := range scene.Attributes() {
			if stated[k] != -1 && stated[k] != fact {
				t.Fatalf("%q states %s = %d, but it is %d", caption, AttributeNames[k], stated[k], fact)
			}
			if fact != -1 {
				asked[k]++
				if stated[k] != -1 {
					told[k]++
				}
			}
		}
		for _, words := range []string{" left of ", " right of ", " above ", " below ", " in a row", " in a column", "a picture of ", "an orange"} {
			if strings.Contains(caption, words) {
				left[words]++
			}
		}
	}

	// Some attributes are left out now and then; number and arrangement can always be told from the caption.
	for k, name := range AttributeNames {
		share := float64(told[k]) / float64(asked[k])
		if k < 2 && share != 1 || k >= 2 && (share < 0.5 || share > 0.99) {
			t.Errorf("%s is told in %.2f of the captions", name, share)
		}
	}
	if len(left) != 8 {
		t.Errorf("forms of captions = %v, want 8", left)
	}
}

func TestAttributesAreNamed(t *testing.T) {
	if len(AttributeNames) != len(Attributes{}) || len(AttributeClasses) != len(Attributes{}) {
		t.Fatalf("%d names and %d classes, want %d", len(AttributeNames), len(AttributeClasses), len(Attributes{}))
	}
	scene := Scene{Background: 2, Arrangement: Column, Objects: []Object{{Shape: 1, Color: 2, Size: 1}, {Shape: 5, Color: 0, Size: 0}}}
	want := map[string]int{
		"count": 1, "arrangement": Column, "background": 2,
		"first shape": 1, "first color": 2, "first size": 1,
		"second shape": 5, "second color": 0, "second size": 0,
		"third shape": -1, "third color": -1, "third size": -1,
	}
	got := map[string]int{}
	for k, class := range scene.Attributes() {
		got[AttributeNames[k]] = class
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Left open is what the picture has and the caption does not say; the second object of a lone one is no question.
func TestCaptionsLeaveOpenWhatThePictureHas(t *testing.T) {
	scene := Scene{Background: 2, Arrangement: Alone, Objects: []Object{{Shape: 1, Color: 2, Size: 1}}}
	stated := scene.Attributes()
	stated[2], stated[5] = -1, -1 // background and the size of the first object
	var open []string
	for a, name := range AttributeNames {
		if stated.LeavesOpen(a) {
			open = append(open, name)
		}
	}
	if diff := cmp.Diff([]string{"background", "first size"}, open); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	stated[0] = 1 // two objects, of which nothing but the first one's shape and colour is stated
	if !stated.LeavesOpen(6) || !stated.LeavesOpen(8) || stated.LeavesOpen(9) {
		t.Errorf("second shape %v, second size %v, third shape %v, want true, true, false", stated.LeavesOpen(6), stated.LeavesOpen(8), stated.LeavesOpen(9))
	}
}
