package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/rng"
)

func TestEmojiSplits(t *testing.T) {
	const n = 4000
	w := openFake(t, 16)
	pairs, concepts, styles := map[[2]int]int{}, map[int]int{}, map[int]bool{}
	train := w.Labels("train")
	for i := range n {
		f := train.Facts(i)
		pairs[[2]int{f.Shows[conceptAttribute], f.Shows[styleAttribute]}]++
		concepts[f.Shows[conceptAttribute]]++
		styles[f.Shows[styleAttribute]] = true
	}
	if len(w.splits["concepts"]) != 2 || len(w.splits["novel"]) < 3 || len(concepts) != 38 {
		t.Fatalf("%d concepts and %d pairs held out, %d concepts in training, want 2 of 40, some, and the others", len(w.splits["concepts"]), len(w.splits["novel"]), len(concepts))
	}
	for c, k := range concepts { // whatever the number of its tones and styles
		if want := float64(n) / 38; math.Abs(float64(k)-want) > 5*math.Sqrt(want) {
			t.Errorf("%s occurs %d times of %d, want about %.0f", w.concepts[c].Name, k, n, want)
		}
	}
	for split, known := range map[string]func(pair [2]int) bool{
		"heldout":  func(pair [2]int) bool { return pairs[pair] > 0 },
		"stated":   func(pair [2]int) bool { return pairs[pair] > 0 },
		"novel":    func(pair [2]int) bool { return pairs[pair] == 0 && concepts[pair[0]] > 0 && styles[pair[1]] },
		"concepts": func(pair [2]int) bool { return concepts[pair[0]] == 0 },
	} {
		src := w.Labels(split)
		for i := range 300 {
			f := src.Facts(i)
			if pair := [2]int{f.Shows[conceptAttribute], f.Shows[styleAttribute]}; !known(pair) {
				t.Errorf("%s %d: %s in %s", split, i, w.concepts[pair[0]].Name, w.packages.styles[pair[1]].name)
			}
		}
	}
	for split, src := range map[string]LabelledSource{"novel": w.Labels("novel"), "concepts": w.Labels("concepts")} {
		for i := range 300 {
			f := src.Facts(i)
			if name := w.concepts[f.Shows[conceptAttribute]].Name; strings.HasSuffix(name, "cat") || strings.HasSuffix(name, "dog") {
				t.Fatalf("%s %d: a %s, which is drawn like another concept", split, i, name)
			}
			if split == "novel" && slices.Contains(f.Open, true) {
				t.Fatalf("%q fits a pair that training knows", f.Caption)
			}
		}
	}
	if cmp.Equal(w.Labels("train").Picture(3), w.Labels("heldout").Picture(3)) {
		t.Error("a held-out picture is one of training")
	}
}

// What a caption states is what the picture shows, in words; what it leaves out is open.
func TestEmojiCaptions(t *testing.T) {
	const n = 2000
	w := openFake(t, 16)
	stated := make([]int, emojiAttributes)
	for i := range n {
		f := w.Labels("all").Facts(i)
		for a, value := range f.States {
			shown := f.Shows[a]
			if value >= 0 {
				stated[a]++
			}
			if value >= 0 && (value != shown || f.Open[a]) || f.Open[a] && shown < 0 {
				t.Fatalf("%q: %s stated as %d, shown as %d, open: %v", f.Caption, w.attributes[a].Name, value, shown, f.Open[a])
			}
			words := map[int]string{styleAttribute: " style", conceptAttribute: "", toneAttribute: " skin tone", backgroundAttribute: " background"}
			suffix, inWords := words[a]
			if inWords && shown >= 0 && slices.Contains(strings.Split(f.Caption, ", "), w.attributes[a].Values[shown]+suffix) != (value >= 0) {
				t.Fatalf("%q states %s: %v", f.Caption, w.attributes[a].Name, value >= 0)
			}
		}
		if full := w.Labels("stated").Facts(i); slices.Contains(full.Open, true) || !cmp.Equal(full.Shows, full.States) {
			t.Fatalf("%q leaves something open: %v of %v", full.Caption, full.States, full.Shows)
		}
	}
	for a, want := range map[int]float64{styleAttribute: .5, conceptAttribute: .85, backgroundAttribute: .5} {
		if share := float64(stated[a]) / n; math.Abs(share-want) > .05 {
			t.Errorf("%s is stated in %.2f of the captions, want %.2f", w.attributes[a].Name, share, want)
		}
	}
}

func TestEmojiOfOneCaption(t *testing.T) {
	w := openFake(t, 16)
	for _, split := range []string{"train", "novel"} {
		src := emojiSource{w, split}
		differ := 0
		for i := range 60 {
			first, facts := src.item(i)
			sample, err := src.Sample(i)
			if same, err2 := src.Alike(i, 0); err != nil || err2 != nil || !cmp.Equal(sample, same) || sample.Caption != facts.Caption {
				t.Fatalf("%s %d: the first of its caption is another", split, i)
			}
			other, err := src.Alike(i, 1)
			if err != nil || other.Caption != facts.Caption {
				t.Fatalf("%s %d: caption %q, %v, want %q", split, i, other.Caption, err, facts.Caption)
			}
			if !cmp.Equal(other.Image, sample.Image) {
				differ++
			}
			item := src.random(rng.New(int64(i), "test", 0), first.concept, facts.States)
			if p := item.picture; facts.States[styleAttribute] >= 0 && p.Style != first.picture.Style || facts.States[toneAttribute] >= 0 && p.Tone != first.picture.Tone ||
				facts.States[backgroundAttribute] >= 0 && item.background != first.background || !src.shows(first.concept, p.Style) {
				t.Fatalf("%s %d: %+v does not fit %q", split, i, item, facts.Caption)
			}
		}
		if differ < 45 {
			t.Errorf("%s: %d of 60 second pictures differ, want most", split, differ)
		}
	}
}

// Resampling mixes no colour from below transparent parts into the picture, and the background stays plain around it.
func TestEmojiOnTheirBackgrounds(t *testing.T) {
	for _, size := range []int{16, 64} {
		w := openFake(t, size)
		src := emojiSource{w, "all"}
		for i := range 100 {
			item, f := src.item(i)
			m := src.Picture(i)
			words := strings.Fields(w.concepts[item.concept].Name)
			c := inside(item.picture.Style, slices.Index(fakeColours, words[0]), slices.Index(fakeThings, words[1]), item.picture.Tone)
			corner, middle := m.Pix[:3], m.Pix[((item.y+item.side/2)*size+item.x+item.side/2)*3:]
			for ch, want := range []uint8{c.R, c.G, c.B} {
				if math.Abs(float64(middle[ch]-levels[want])) > .02 {
					t.Fatalf("%q: middle = %v, want %v", f.Caption, middle[:3], c)
				}
				plain := 2*min(max(emojiBackgrounds[item.background].RGB[ch]+item.tint[ch], 0), 1) - 1
				if math.Abs(float64(corner[ch])-plain) > .02 {
					t.Fatalf("%q: corner = %v, want a background of %g", f.Caption, corner, plain)
				}
				// Every pixel lies between background and emoji, but for the small overshoot of the filter.
				low, high := min(corner[ch], levels[want])-.25, max(corner[ch], levels[want])+.25
				for p := ch; p < len(m.Pix); p += 3 {
					if m.Pix[p] < low || m.Pix[p] > high {
						t.Fatalf("%q: pixel %d, channel %d = %g, want %g … %g", f.Caption, p/3, ch, m.Pix[p], low, high)
					}
				}
			}
		}
	}
}

func TestEmojiHash(t *testing.T) {
	w := openFake(t, 16)
	other := *w
	other.packages.names.Integrity = "sha512-other"
	larger := *w
	larger.size = 32
	hashes := []string{w.Hash(), other.Hash(), larger.Hash(), (&Emoji{size: 16, packages: publishedEmoji}).Hash()}
	for i, h := range hashes {
		if slices.Index(hashes, h) != i {
			t.Errorf("hash %d = %s, want all different: %v", i, h, hashes)
		}
	}
	if want := "emoji-v2-size16-packages-"; !strings.HasPrefix(w.Hash(), want) {
		t.Errorf("hash = %s, want %s…", w.Hash(), want)
	}
	if _, err := openEmoji(t.Context(), w.packages, 4, off, nil); err == nil || !strings.Contains(err.Error(), fmt.Sprint("size = ", 4)) {
		t.Errorf("error = %v, want one that names the size", err)
	}
}
