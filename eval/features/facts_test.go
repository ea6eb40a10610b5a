package features

import (
	"strings"
	"testing"
)

func TestFactsWarn(t *testing.T) {
	var f Facts
	a := newAlbum("a", 2, nil)
	for i, item := range a.set.Items {
		c, err := item.Read()
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			c.Format, c.Width, c.Note = "JPEG", 9, "odd"
		}
		f.add(c, i == 1)
	}
	text := strings.Join(f.Warnings("set"), "\n")
	for _, want := range []string{"1 pictures are JPEGs", "of 2 sizes", "1×2 (1)", "1 pictures: odd", "occur more than once"} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %q", text, want)
		}
	}
	one, two := collect(t, newAlbum("one", 4, nil).set, &means{}, Options{}), collect(t, newAlbum("two", 4, nil).set, &means{}, Options{})
	if w := Unlike(one, two); len(w) != 0 {
		t.Errorf("like sets: %v", w)
	}
	two.Facts.Formats, two.Facts.Sizes, two.Hashes[0] = map[string]int{"JPEG": 4}, map[[2]int]int{{5, 5}: 4}, one.Hashes[0]
	text = strings.Join(Unlike(one, two), "\n")
	for _, want := range []string{"one holds JPEGs", "1×2 and 5×5", "pictures in both: 1, the first is " + two.Names[0]} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %q", text, want)
		}
	}
}
