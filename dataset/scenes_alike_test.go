package dataset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Pictures of one caption agree in what it states, differ in what it leaves open, and stay within their split.
func TestPicturesOfOneCaption(t *testing.T) {
	for _, split := range []string{"train", "novel"} {
		source := (&Scenes{Config: DefaultScenes()}).Split(split)
		open, differ := 0, 0
		for i := range 300 {
			first, caption, stated := source.Scene(i)
			if same, _ := source.alike(i, 0); !cmp.Equal(first, same) {
				t.Fatalf("%s, scene %d: the first of its caption is another", split, i)
			}
			scene, words := source.alike(i, 1)
			if words != caption || scene.novel() != (split == "novel") {
				t.Fatalf("%s, scene %d: caption %q, novel %v, want %q of its split", split, i, words, scene.novel(), caption)
			}
			for a, have := range scene.Attributes() {
				switch {
				case stated[a] >= 0 && have != stated[a]:
					t.Fatalf("%s, scene %d: %s = %d, %q says %d", split, i, AttributeNames[a], have, caption, stated[a])
				case stated.LeavesOpen(a):
					open++
					if have != first.Attributes()[a] {
						differ++
					}
				}
			}
		}
		if differ < open/2 {
			t.Errorf("%s: %d of %d open attributes differ, want half or more", split, differ, open)
		}
	}
}

func TestBatchesOfSeveralPicturesPerCaption(t *testing.T) {
	l := NewLoader((&Scenes{Config: DefaultScenes()}).Train(), 6, 1, "train")
	if err := l.PerCaption(3); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for step := range 3 {
		b := drawBatch(t, l, step)
		for i := range b.Captions {
			if first := i - i%3; b.Captions[i] != b.Captions[first] || b.Indices[i] != b.Indices[first] {
				t.Errorf("step %d: picture %d has caption %q, want that of picture %d, %q", step, i, b.Captions[i], first, b.Captions[first])
			}
			seen[b.Indices[i]] = true
		}
		pixels := len(b.Images) / 6
		if cmp.Equal(b.Images[:pixels], b.Images[pixels:2*pixels]) {
			t.Errorf("step %d: the same picture twice", step)
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d captions in 3 batches of 2, want 6", len(seen))
	}
	for _, c := range []struct {
		l    *Loader
		n    int
		want string
	}{
		{l, 4, "4 pictures for a caption, want a divisor of the batch of 6"},
		{NewLoader(counting{n: 10}, 6, 1, "train"), 2, "only the built-in worlds draw several"},
	} {
		if err := c.l.PerCaption(c.n); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
