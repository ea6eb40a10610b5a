package features

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packs are the files of a cache.
func packs(t testing.TB, c *Cache) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, "*", "pack-*.npz"))
	if err != nil || len(names) == 0 {
		t.Fatalf("packs = %v, %v", names, err)
	}
	return names
}

func damage(t testing.TB, path string, how func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, how(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

func half(b []byte) []byte { return b[:len(b)/2] }

// rotten is another byte among the features, which are the second member, three floats for each hash of 32 bytes: the first one and the
// folder of the archive stay whole.
func rotten(b []byte) []byte { b[len(b)*7/8] ^= 1; return b }

func TestDamagedPacksAreExtractedAnew(t *testing.T) {
	for why, how := range map[string]func([]byte) []byte{"cut in half": half, "other features": rotten} {
		cache, a := testCache(t), newAlbum("a", 300, nil)
		want := collect(t, a.set, &means{}, Options{Cache: cache})
		damage(t, packs(t, cache)[0], how)
		got := collect(t, a.set, &means{}, Options{Cache: cache})
		if got.Extracted != 300 || got.Cached != 0 || len(got.Faults) != 0 || len(got.Notes) != 1 || !cmp.Equal(want.Features, got.Features) {
			t.Errorf("%s: Extracted = %d, faults = %v, notes = %v, want 300 and a note", why, got.Extracted, got.Faults, got.Notes)
		}
		if again := collect(t, a.set, &means{}, Options{Cache: cache}); again.Extracted != 0 {
			t.Errorf("%s: extracted %d after the repair, want 0", why, again.Extracted)
		}
	}
}

// What other packs hold stays, a damaged one goes also where only a part of it is wanted, and captions are repaired too.
func TestOnlyDamagedPacksAreMadeAnew(t *testing.T) {
	cache, a, b := testCache(t), newAlbum("a", 300, nil), newAlbum("b", 200, nil)
	collect(t, a.set, &means{}, Options{Cache: cache})
	damage(t, packs(t, cache)[0], rotten)
	collect(t, b.set, &means{}, Options{Cache: cache})
	some := b.set
	some.Items = append(b.set.Items[:200:200], a.set.Items[:100]...)
	want, ex, done := collect(t, some, &means{}, Options{}), &means{}, 0
	got := collect(t, some, ex, Options{Cache: cache, Progress: func(d int) { done = d }})
	if got.Extracted != 100 || ex.seen != 100 || got.Cached != 200 || len(got.Notes) != 1 || done != 300 || !cmp.Equal(want.Features, got.Features) || !slices.Equal(want.Names, got.Names) {
		t.Errorf("Extracted = %d, Cached = %d, %d done, notes = %v, want 100, 200, 300 and a note", got.Extracted, got.Cached, done, got.Notes)
	}
	for range 2 {
		if again := collect(t, some, &means{}, Options{Cache: cache}); again.Extracted != 0 || len(again.Notes) != 0 {
			t.Errorf("extracted %d after the repair, notes = %v, want none", again.Extracted, again.Notes)
		}
	}
	if left := packs(t, cache); len(left) != 2 {
		t.Errorf("packs = %v, want that of b and that of the 100 of a: a damaged one would hide good ones that are named before it", left)
	}

	captions := []string{"a", "bb", "ccc"}
	cache, ex = testCache(t), &means{}
	for i := range 3 {
		got, err := Captions(t.Context(), captions, ex, cache)
		if err != nil || got.Row(2)[0] != 3 || ex.seen != 3+3*min(i, 1) {
			t.Errorf("call %d: %v, %v, %d embedded, want three, and three more after the damage", i, got, err, ex.seen)
		}
		if i == 0 {
			damage(t, packs(t, cache)[0], func(b []byte) []byte { // the zeros at the end of the embeddings
				at := bytes.LastIndex(b, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0})
				b[at+5] = 1
				return b
			})
		}
	}
}
