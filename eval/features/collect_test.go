package features

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

const many = 2500 // more than two packs and not a multiple of a window

func TestSecondCallExtractsNothing(t *testing.T) {
	cache, a, ex := testCache(t), newAlbum("a", many, nil), &means{logit: true}
	first := collect(t, a.set, ex, Options{Cache: cache})
	if ex.seen != many || first.Extracted != many || first.Cached != 0 {
		t.Errorf("first: extractor saw %d, Extracted = %d, Cached = %d, want %d %d 0", ex.seen, first.Extracted, first.Cached, many, many)
	}
	for i := range many {
		if got, want := first.Features.Row(i), []float32{float32(i % 256), float32(i / 256), 8}; !slices.Equal(got, want) {
			t.Fatalf("picture %d: features %v, want %v", i, got, want)
		}
		if got := first.Logits.Row(i)[0]; got != float32(i%256) {
			t.Fatalf("picture %d: logit %g, want %d", i, got, i%256)
		}
	}
	decoded := a.decoded.Load()
	second := collect(t, a.set, ex, Options{Cache: cache})
	if ex.seen != many || second.Extracted != 0 || second.Cached != many || a.decoded.Load() != decoded {
		t.Errorf("second: extractor saw %d more, decoded %d more, Extracted = %d", ex.seen-many, a.decoded.Load()-decoded, second.Extracted)
	}
	if diff := cmp.Diff(first.Features, second.Features); diff != "" {
		t.Errorf("features from the cache differ (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(first.Logits, second.Logits); diff != "" {
		t.Errorf("logits from the cache differ (-first +second):\n%s", diff)
	}

	// Another extractor, a set that shares pictures, no cache.
	if other := collect(t, a.set, &means{key: "other"}, Options{Cache: cache}); other.Extracted != many {
		t.Errorf("another extractor took %d from the cache of this one", other.Cached)
	}
	b := newAlbum("b", 10, nil)
	b.set.Items = append(b.set.Items, a.set.Items[:30]...)
	if shared := collect(t, b.set, ex, Options{Cache: cache}); shared.Extracted != 10 || shared.Cached != 30 {
		t.Errorf("shared pictures: Extracted = %d, Cached = %d, want 10 and 30", shared.Extracted, shared.Cached)
	}
	if none := collect(t, a.set, &means{logit: true}, Options{}); none.Extracted != many || !cmp.Equal(none.Features, first.Features) {
		t.Errorf("without a cache: Extracted = %d, want %d and the same features", none.Extracted, many)
	}
}

func TestInterruptedGoesOn(t *testing.T) {
	cache, a := testCache(t), newAlbum("a", many, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ex := &means{after: func(seen int) {
		if seen > 1000 {
			cancel()
		}
	}}
	if _, err := Collect(ctx, a.set, ex, Options{Cache: cache}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want that of the context", err)
	}
	before := ex.seen
	if before >= many {
		t.Fatal("nothing was interrupted")
	}
	again := &means{}
	got := collect(t, a.set, again, Options{Cache: cache})
	// The last call ended with the context's error, so that its pictures are lost; what came before is kept.
	if kept := many - again.seen; kept != before-ex.calls[len(ex.calls)-1] || kept == 0 || got.Cached != kept {
		t.Errorf("%d of %d pictures were kept, Cached = %d", kept, before, got.Cached)
	}
	whole := collect(t, a.set, &means{}, Options{})
	if diff := cmp.Diff(whole.Features, got.Features); diff != "" {
		t.Errorf("interrupted and whole differ (-whole +interrupted):\n%s", diff)
	}
}

// Calls of a network are padded to its batch: only the last one of a set may be short, also where a batch is wider than a group. Cached
// pictures and repeated ones fill no batch.
func TestExtractorGetsWholeBatches(t *testing.T) {
	want := collect(t, newAlbum("a", many, nil).set, &means{}, Options{})
	for _, batch := range []int{1, 100, 300, 3000} {
		cache, a := testCache(t), newAlbum("a", many, nil)
		some := a.set
		some.Items = append(a.set.Items[:50:50], a.set.Items[700:777]...)
		collect(t, some, &means{}, Options{Cache: cache})
		twice := a.set
		twice.Items = append(slices.Clone(a.set.Items), a.set.Items[many-40:]...)

		ex, done := &means{batch: batch}, 0
		got := collect(t, twice, ex, Options{Cache: cache, Progress: func(d int) { done = d }})
		for i, n := range ex.calls {
			if n%batch != 0 && i < len(ex.calls)-1 {
				t.Errorf("call %d of %d has %d pictures, want a multiple of %d", i, len(ex.calls), n, batch)
			}
		}
		if got.Extracted != many-127 || got.Cached != 167 || done != many+40 {
			t.Errorf("batch %d: extracted %d, cached %d, at last %d done, want %d, 167, %d", batch, got.Extracted, got.Cached, done, many-127, many+40)
		}
		if !slices.Equal(want.Features.Data, got.Features.Data[:len(want.Features.Data)]) {
			t.Errorf("batch %d gives other features", batch)
		}
	}
}

func TestBrokenPicturesAreCountedNamedAndBounded(t *testing.T) {
	few := newAlbum("few", 500, func(i int) bool { return i%100 == 7 })
	c := collect(t, few.set, &means{}, Options{})
	if len(c.Faults) != 5 || c.Features.N != 495 || !strings.Contains(c.Faults[0].Error(), "0007.png: broken: PNG") {
		t.Errorf("%d features, faults = %v, want 495 and 5", c.Features.N, c.Faults)
	}
	many := newAlbum("many", 500, func(i int) bool { return i%10 == 7 })
	all := newAlbum("all", 3, func(i int) bool { return true })
	for _, test := range []struct {
		why  string
		a    *album
		o    Options
		want string
	}{
		{"more than 2 %", many, Options{}, "50 of 500 pictures cannot be used (50 broken), want ≤ 10: 0007.png: broken: PNG: unexpected EOF; 0017.png"},
		{"any where it is strict", few, Options{Strict: true}, "want ≤ 0"},
		{"all", all, Options{}, "3 of 3 pictures cannot be used"},
		{"more wanted than there are", few, Options{N: 501}, "holds 500 pictures, want n = 501"},
		{"more wanted than can be used", few, Options{N: 499}, "only 495 pictures can be used, want n = 499"},
	} {
		if _, err := Collect(t.Context(), test.a.set, &means{}, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error = %v, want %q", test.why, err, test.want)
		}
	}
}

// Of a few chosen pictures the faults of a long listing are no share; what is broken among those that are tried is.
func TestFaultsAreJudgedAgainstWhatTheyAreOf(t *testing.T) {
	listed := func(n, faults int, broken func(i int) bool) pictures.Set {
		set := newAlbum("a", n, broken).set
		for i := range faults {
			set.Faults = append(set.Faults, dataset.Fault{Name: fmt.Sprintf("f%02d.png", i), Kind: dataset.Broken, Err: errors.New("empty file")})
		}
		return set
	}
	for _, c := range []struct {
		why    string
		set    pictures.Set
		o      Options
		faults int
		want   string // error
	}{
		{"1 % of the listing", listed(990, 10, nil), Options{N: 100}, 10, ""},
		{"1 % of the listing, and 1 % of those that are tried", listed(990, 10, func(i int) bool { return i%100 == 7 }), Options{N: 980}, 20, ""},
		{"more than 2 % of the listing", listed(970, 30, nil), Options{N: 100}, 30, "30 of 1000 pictures cannot be used (30 broken), want ≤ 20"},
		{"more than 2 % of those that are tried", listed(990, 10, func(i int) bool { return i%10 == 7 }), Options{N: 891}, 0, "99 of 990 pictures cannot be used (99 broken), want ≤ 19"},
		{"more than 2 % of the whole set", listed(990, 10, func(i int) bool { return i%90 == 7 }), Options{}, 0, "21 of 1000 pictures cannot be used (21 broken), want ≤ 20"},
		{"any of the listing where it is strict", listed(990, 10, nil), Options{N: 100, Strict: true}, 10, "want ≤ 0"},
	} {
		ex := &means{}
		got, err := Collect(t.Context(), c.set, ex, c.o)
		switch {
		case c.want == "" && (err != nil || len(got.Faults) != c.faults || got.Features.N != c.o.N):
			t.Errorf("%s: %d faults, %d features, %v, want %d and %d", c.why, len(got.Faults), got.Features.N, err, c.faults, c.o.N)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error = %v, want %q", c.why, err, c.want)
		case c.want != "" && c.faults > 0 && ex.seen > 0:
			t.Errorf("%s: %d pictures were extracted before it was said", c.why, ex.seen)
		}
	}
}

// So many as wanted are chosen by the seed; a broken one is replaced by another.
func TestChosenByTheSeed(t *testing.T) {
	a := newAlbum("a", 500, func(i int) bool { return i%100 == 7 })
	chosen := func(o Options) []int {
		c := collect(t, a.set, &means{}, o)
		if c.Features.N != o.N || !slices.IsSorted(c.Items) {
			t.Errorf("%d pictures, want %d in order", c.Features.N, o.N)
		}
		return c.Items
	}
	one, two := chosen(Options{N: 490, Seed: 1}), chosen(Options{N: 490, Seed: 1})
	if !slices.Equal(one, two) {
		t.Error("the same seed chose other pictures")
	}
	if slices.Equal(one, chosen(Options{N: 490, Seed: 2})) {
		t.Error("another seed chose the same pictures")
	}
}

// badFeatures gives infinite features for the second picture.
type badFeatures struct{ *means }

func (b badFeatures) Extract(ctx context.Context, pictures []extractor.RGB) (extractor.Output, error) {
	out, err := b.means.Extract(ctx, pictures)
	out.Features.Row(1)[2] = float32(math.Inf(1))
	return out, err
}

func TestFeaturesThatAreNoNumbersNameThePicture(t *testing.T) {
	if _, err := Collect(t.Context(), newAlbum("a", 3, nil).set, badFeatures{&means{}}, Options{}); err == nil || !strings.Contains(err.Error(), "0001.png") {
		t.Errorf("error = %v, want the picture in it", err)
	}
}

func TestCaptionsAreEmbeddedOnce(t *testing.T) {
	cache, ex := testCache(t), &means{}
	captions := []string{"a", "bb", "a", "ccc"}
	for _, c := range []*Cache{nil, cache, cache} {
		got, err := Captions(t.Context(), captions, ex, c)
		if err != nil {
			t.Fatal(err)
		}
		for i, caption := range captions {
			if got.Row(i)[0] != float32(len(caption)) {
				t.Errorf("caption %d = %v, want length %d first", i, got.Row(i), len(caption))
			}
		}
	}
	if ex.seen != 6 {
		t.Errorf("%d captions embedded, want 3 without a cache and 3 with one", ex.seen)
	}
}

// blind is an extractor for pictures that are large and empty.
type blind struct{ *means }

func (b blind) Extract(ctx context.Context, pictures []extractor.RGB) (out extractor.Output, err error) {
	for range pictures {
		out.Features.Append(eval.Features{N: 1, D: 1, Data: []float32{1}})
	}
	return out, nil
}

func TestLargePicturesDoNotWaitForABatch(t *testing.T) {
	p := &pending{cache: &extractorCache{rows: map[pictures.Hash]row{}}, ex: blind{&means{}}, fresh: map[pictures.Hash]bool{}, since: time.Now()}
	for i, size := range []int{1, waitingBytes} {
		p.wait(picture{content: pictures.Content{Hash: pictures.NewHash(strconv.Itoa(i))}, rgb: &extractor.RGB{Pix: make([]uint8, size)}})
		if err := p.extract(t.Context(), p.ready()); err != nil {
			t.Fatal(err)
		}
		if wait := len(p.waiting); wait != 1-i {
			t.Errorf("%d pictures wait after one of %d bytes, want %d", wait, size, 1-i)
		}
	}
}
