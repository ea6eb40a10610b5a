package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/npmtest"
	"github.com/addlab/addlab/network/tokenizer"
)

func TestEmojiAreFetchedOnce(t *testing.T) {
	p := fakeEmoji(t)
	var told strings.Builder
	first, err := openEmoji(t.Context(), p, 16, npmtest.Network(), func(f string, args ...any) { fmt.Fprintf(&told, f+"\n", args...) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fetching flat@1.0.0", "230 pictures of 40 concepts", "Fake round, none (npm round@1.0.0)"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("told %q, want %q in it", told.String(), want)
		}
	}

	t.Setenv(download.OffEnv, "1")
	second, err := openEmoji(t.Context(), p, 16, off, func(f string, args ...any) { t.Errorf("tells of a second fetch: "+f, args...) })
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(first.concepts, second.concepts) || !slices.Equal(first.pix, second.pix) {
		t.Error("another world at the second time")
	}
	root, err := download.Dir("")
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "npm")); len(left) > 0 {
		t.Errorf("%v is left of the packages", left)
	}
	for _, name := range []string{"LICENCES.txt", "deep-fake-1.0.0-LICENSE", "names-1.0.0-LICENSE"} {
		if text, err := os.ReadFile(filepath.Join(root, "datasets", "emoji", name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %q, %v, want a text", name, text, err)
		}
	}
}

// A damaged file has the size that the cache remembers.
func TestDamagedEmojiAreFetchedAgain(t *testing.T) {
	p := fakeEmoji(t)
	first, err := openEmoji(t.Context(), p, 16, npmtest.Network(), func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	root, err := download.Dir("datasets")
	if err != nil {
		t.Fatal(err)
	}
	pictures := filepath.Join(root, "emoji", emojiPictures)
	for why, damage := range map[string]func(b []byte){
		"the checksum":    func(b []byte) { b[len(b)-8] ^= 1 },
		"the length":      func(b []byte) { b[len(b)-1] ^= 1 },
		"a picture":       func(b []byte) { b[len(b)/2] ^= 1 },
		"the first bytes": func(b []byte) { b[0] = 0 },
	} {
		b, err := os.ReadFile(pictures)
		if err != nil {
			t.Fatal(err)
		}
		damage(b)
		if err := os.WriteFile(pictures, b, 0o666); err != nil {
			t.Fatal(err)
		}
		var told strings.Builder
		again, err := openEmoji(t.Context(), p, 16, npmtest.Network(), func(f string, args ...any) { fmt.Fprintf(&told, f+"\n", args...) })
		if err != nil || !slices.Equal(first.pix, again.pix) {
			t.Errorf("%s: error = %v, or other pictures", why, err)
		}
		if want := "emoji: " + pictures + ": "; !strings.HasPrefix(told.String(), want) || !strings.Contains(told.String(), "230 pictures of 40 concepts") {
			t.Errorf("%s: told %q, want %q and what is fetched", why, told.String(), want)
		}
	}
	b, err := os.ReadFile(pictures)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pictures, append(b, b...), 0o666); err != nil { // gzip reads both as one
		t.Fatal(err)
	}
	if _, _, err := readEmojiCache(filepath.Dir(pictures)); err == nil || !strings.Contains(err.Error(), "bytes after 230 pictures") {
		t.Errorf("twice as long: error = %v", err)
	}
}

func TestEmojiThatCannotBeFetched(t *testing.T) {
	p := fakeEmoji(t)
	t.Setenv(download.OffEnv, "1")
	say := func(string, ...any) {}
	_, err := openEmoji(t.Context(), p, 16, off, say)
	for _, want := range []string{download.OffEnv + " is set", "flat@1.0.0 does not come", "`npm pack flat@1.0.0 round@1.0.0 @deep/fake@1.0.0 names@1.0.0`", filepath.Join("addlab", "npm")} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q in it", err, want)
		}
	}

	t.Setenv(download.OffEnv, "")
	p.styles[0].pack.Integrity = "sha512-other"
	if _, err = openEmoji(t.Context(), p, 16, npmtest.Network(), say); !errors.Is(err, download.ErrAltered) {
		t.Errorf("error = %v, want ErrAltered", err)
	}
}

func TestEmojiConcepts(t *testing.T) {
	w := openFake(t, 16)
	byName := map[string]emojiConcept{}
	for _, c := range w.concepts {
		byName[c.Name] = c
	}
	hand, gray := byName["red hand"], byName["gray cake"]
	if len(hand.Pictures) != 18 || len(gray.Pictures) != 2 || len(byName) != 40 {
		t.Errorf("%d pictures of a hand, %d of a gray cake, %d concepts, want 6 tones in 3 styles, 2 styles, 40", len(hand.Pictures), len(gray.Pictures), len(byName))
	}
	want := emojiConcept{Name: "gray cake", Category: "others", Keywords: []string{"thing", "kind 3"}, Pictures: gray.Pictures}
	if diff := cmp.Diff(want, gray); diff != "" {
		t.Errorf("keywords that three concepts share and the name does not say (-want +got):\n%s", diff)
	}
	for _, p := range hand.Pictures { // whatever the side was, the middle has the right colour
		at := (p.Row*emojiSide*emojiSide + emojiSide/2*emojiSide + emojiSide/2) * 4
		c := inside(p.Style, 0, len(fakeThings)-1, p.Tone)
		if diff := cmp.Diff([]uint8{c.R, c.G, c.B, 255}, w.pix[at:at+4]); diff != "" {
			t.Errorf("style %d, tone %d (-want +got):\n%s", p.Style, p.Tone, diff)
		}
	}
}

// The published packages give what the documentation says. It runs where they are, or with ADDLAB_TEST_EMOJI=1, which fetches 160 MB.
func TestPublishedEmoji(t *testing.T) {
	if _, ok := (download.Entry{Folder: "datasets", Name: "emoji", Pin: publishedEmoji.pin()}).Find(); !ok {
		if os.Getenv("ADDLAB_TEST_EMOJI") == "" {
			t.Skip("the packages are not on this machine; ADDLAB_TEST_EMOJI=1 fetches them")
		}
	}
	w, err := openEmoji(t.Context(), publishedEmoji, 32, download.Internet, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	pictures, seen := 0, map[string]bool{}
	for i, c := range w.concepts {
		pictures += len(c.Pictures)
		if w.heldout[i] != emojiHeldOut {
			for _, word := range tokenizer.Split(c.Name) {
				seen[word] = true
			}
		}
	}
	got := map[string]int{"pictures": pictures, "concepts": len(w.concepts), "held-out concepts": len(w.splits["concepts"]), "held-out pairs": len(w.splits["novel"])}
	if diff := cmp.Diff(map[string]int{"pictures": 10414, "concepts": 1906, "held-out concepts": 95, "held-out pairs": 337}, got); diff != "" {
		t.Errorf("(-documented +read):\n%s", diff)
	}
	for _, i := range w.splits["concepts"] {
		for _, word := range tokenizer.Split(w.concepts[i].Name) {
			if !seen[word] {
				t.Errorf("%s is held out, though training has no %q", w.concepts[i].Name, word)
			}
		}
	}
}
