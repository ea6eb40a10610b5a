package features

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// means is an extractor whose features are the mean colours. It counts the pictures that it sees.
type means struct {
	key   string
	batch int // 0 for 10
	calls []int
	seen  int
	after func(seen int) // called after every call
	logit bool
}

var _ extractor.Captioner = (*means)(nil)

func (m *means) Name() string { return "mean colours" }
func (m *means) Key() string  { return "means " + m.key }
func (m *means) Batch() int   { return cmp.Or(m.batch, 10) }
func (m *means) Close()       {}

func (m *means) Extract(ctx context.Context, pictures []extractor.RGB) (extractor.Output, error) {
	var out extractor.Output
	for _, p := range pictures {
		sums := make([]float32, 3)
		for i, v := range p.Pix {
			sums[i%3] += float32(v) / float32(p.Width*p.Height)
		}
		out.Features.Append(eval.Features{N: 1, D: 3, Data: sums})
		if m.logit {
			out.Logits.Append(eval.Features{N: 1, D: 2, Data: []float32{sums[0], -sums[0]}})
		}
	}
	m.seen += len(pictures)
	m.calls = append(m.calls, len(pictures))
	if m.after != nil {
		m.after(m.seen)
	}
	return out, ctx.Err()
}

func (m *means) Captions(ctx context.Context, captions []string) (eval.Features, error) {
	var f eval.Features
	for _, c := range captions {
		f.Append(eval.Features{N: 1, D: 3, Data: []float32{float32(len(c)), 1, 0}})
	}
	m.seen += len(captions)
	return f, nil
}

// album is a set of n plain pictures; broken says which cannot be read, decoded counts.
type album struct {
	set     pictures.Set
	decoded atomic.Int64
}

func newAlbum(name string, n int, broken func(i int) bool) *album {
	a := &album{set: pictures.Set{Name: name, Kind: "folder"}}
	for i := range n {
		a.set.Items = append(a.set.Items, pictures.Item{Name: fmt.Sprintf("%04d.png", i), Caption: fmt.Sprintf("picture %d", i), Read: func() (pictures.Content, error) {
			if broken != nil && broken(i) {
				return pictures.Content{}, fmt.Errorf("PNG: unexpected EOF")
			}
			return pictures.Content{Hash: pictures.NewHash(name, fmt.Sprint(i)), Format: "PNG", Width: 1, Height: 2, Decode: func() (extractor.RGB, error) {
				a.decoded.Add(1)
				return extractor.RGB{Width: 1, Height: 2, Pix: []uint8{uint8(i), uint8(i / 256), 7, uint8(i), uint8(i / 256), 9}}, nil
			}}, nil
		}})
	}
	return a
}

func testCache(t testing.TB) *Cache {
	t.Helper()
	c, err := OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unreadablePack puts something in the place of a pack that no program can read, whoever runs it.
func unreadablePack(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
}

// A pack that cannot be opened or read may be good: it is an error, and stays.
func TestPacksThatCannotBeReadStay(t *testing.T) {
	for _, whole := range []bool{false, true} {
		cache, a, ex := testCache(t), newAlbum("a", 30, nil), &means{}
		collect(t, a.set, ex, Options{Cache: cache})
		path := packs(t, cache)[0]
		if whole { // once its hashes were read
			a.set.Items = append(a.set.Items, newAlbum("b", 10, nil).set.Items...)
			ex.after = func(int) { unreadablePack(t, path) }
		} else {
			unreadablePack(t, path)
		}
		_, err := Collect(t.Context(), a.set, ex, Options{Cache: cache})
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "say --no-cache or --cache") {
			t.Errorf("error = %v, want %s and a way out", err, path)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%v, want it to stay", err)
		}
	}
}

func collect(t testing.TB, set pictures.Set, ex extractor.Extractor, o Options) Collected {
	t.Helper()
	c, err := Collect(t.Context(), set, ex, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
