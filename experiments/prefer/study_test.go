package main

import (
	"bytes"
	"image/png"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ordered(t *testing.T, s study, voter string) []pair {
	t.Helper()
	pairs, err := s.order(voter)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// Every stretch holds each two methods equally often, no pair of pictures twice, and one of ten pairs checks attention.
func TestOrderIsBalanced(t *testing.T) {
	s := colours(t, 4, 20, 60, false)
	pairs := ordered(t, s, "ann")
	if n := len(pairs) - 60; n != 6 && n != 7 {
		t.Fatalf("%d pairs, want 60 and a check for each nine", len(pairs))
	}
	counts, seen, checks, lefts := map[string]int{}, map[string]bool{}, 0, 0
	for i, p := range pairs {
		if p.attention != "" {
			checks++
			continue
		}
		names := []string{p.left.name, p.right.name}
		if slices.IsSorted(names) {
			lefts++
		}
		slices.Sort(names)
		duel := strings.Join(names, " ")
		counts[duel]++
		if seen[duel+p.caption] {
			t.Errorf("pair %d: %s on %s again", i, duel, p.caption)
		}
		seen[duel+p.caption] = true
		if i%10 == 9 && checks != i/10+1 {
			t.Errorf("%d checks in the first %d pairs, want one in ten", checks, i+1)
		}
		most, least := 0, 1000
		for _, n := range counts {
			most, least = max(most, n), min(least, n)
		}
		if most-least > 1 && len(counts) == 6 {
			t.Errorf("after %d pairs: %v, want every two methods as often", i+1, counts)
		}
	}
	if len(counts) != 6 || lefts < 18 || lefts > 42 {
		t.Errorf("%d pairs of methods, the first at the left %d of 60 times, want 6 and about half", len(counts), lefts)
	}
}

func TestOrderBelongsToVoterAndSeed(t *testing.T) {
	s := colours(t, 3, 10, 30, false)
	text := func(s study, voter string) string {
		var b strings.Builder
		for _, p := range ordered(t, s, voter) {
			b.WriteString(p.caption + p.left.name + p.right.name + p.attention + p.intact + string(p.left.png) + "\n")
		}
		return b.String()
	}
	if text(s, "ann") != text(s, "ann") {
		t.Error("the same voter sees another order")
	}
	other := s
	other.seed++
	if text(s, "ann") == text(s, "bob") || text(s, "ann") == text(other, "ann") {
		t.Error("voters or seeds share an order")
	}
}

// Votes of a study count by the number of the pair: another --pairs must not change what a number shows.
func TestFewerPairsAreTheBeginningOfMore(t *testing.T) {
	for _, voter := range []string{"ann", "bob", "cy"} {
		most := ordered(t, colours(t, 3, 10, 30, false), voter)
		for n := 1; n < 30; n++ {
			fewer := ordered(t, colours(t, 3, 10, n, false), voter)
			compared := 0
			for _, p := range fewer {
				if p.attention == "" {
					compared++
				}
			}
			if compared != n || len(fewer) > len(most) {
				t.Fatalf("%s: %d of %d pairs compare methods, want %d", voter, compared, len(fewer), n)
			}
			if diff := cmp.Diff(most[:len(fewer)], fewer, cmp.AllowUnexported(pair{}, shown{})); diff != "" {
				t.Fatalf("%s: %d pairs (-first of 30 +got):\n%s", voter, n, diff)
			}
		}
	}
}

// Over many voters, all captions and sides come equally often.
func TestVotersShareTheWork(t *testing.T) {
	s := colours(t, 2, 12, 6, false)
	captions, lefts, n := map[string]int{}, 0, 0
	for v := range 200 {
		for _, p := range ordered(t, s, string(rune('a'+v))) {
			if p.attention == "" {
				n++
				captions[p.caption]++
				if p.left.name == "secret-a" {
					lefts++
				}
			}
		}
	}
	for caption, k := range captions {
		if k < 60 || k > 140 {
			t.Errorf("%s came %d times, want about %d", caption, k, n/12)
		}
	}
	if len(captions) != 12 || lefts < n*4/10 || lefts > n*6/10 {
		t.Errorf("%d captions, at the left %d of %d times", len(captions), lefts, n)
	}
}

func TestStudyIsWhatItShows(t *testing.T) {
	base := colours(t, 2, 5, 3, false)
	if again := colours(t, 2, 5, 5, true); again.id != base.id {
		t.Error("pairs per voter or answers change the id: votes of both belong together")
	}
	edits := map[string]func(*study){
		"seed":    func(s *study) { s.seed++ },
		"caption": func(s *study) { s.captions[3] = "another" },
		"picture": func(s *study) { s.methods[1].pictures[2] = plain(t, 8, 1, 2, 3) },
		"name":    func(s *study) { s.methods[0].name = "another" },
		"order":   func(s *study) { s.methods[0], s.methods[1] = s.methods[1], s.methods[0] },
	}
	for what, edit := range edits {
		s := colours(t, 2, 5, 3, false)
		edit(&s)
		if id, err := s.hash(); id == base.id || err != nil {
			t.Errorf("another %s: id %s (%v), want another than %s", what, id, err, base.id)
		}
	}
}

func TestPicturesThatAreTheSame(t *testing.T) {
	s := colours(t, 3, 6, 100, false)
	s.methods[1].pictures[2], s.methods[1].pictures[4] = s.methods[0].pictures[2], s.methods[0].pictures[4]
	s, err := newStudy(s.methods, s.captions, 7, 100, false)
	if err != nil || s.same() != 2 || s.perVoter != 16 {
		t.Errorf("%d pairs the same, %d to vote on (%v), want 2 of 18", s.same(), s.perVoter, err)
	}
	for _, p := range ordered(t, s, "ann") {
		if bytes.Equal(p.left.png, p.right.png) {
			t.Errorf("%s shows the same picture twice", p.caption)
		}
	}
	s.methods[2].pictures = s.methods[0].pictures
	if _, err := newStudy(s.methods, s.captions, 7, 100, false); err == nil || err.Error() != "secret-a and secret-c have the same pictures, want methods that differ" {
		t.Errorf("error = %v", err)
	}
}

func TestChecksOfAttention(t *testing.T) {
	kinds := map[string]int{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		c, err := newCheck(r)
		if err != nil {
			t.Fatal(err)
		}
		kinds[c.kind]++
		if bytes.Equal(c.intact, c.broken) || !strings.Contains(c.caption, "background") {
			t.Errorf("check of %q: its sides are equal, or the caption leaves something open", c.caption)
		}
		for _, side := range [][]byte{c.intact, c.broken} {
			if m, err := png.Decode(bytes.NewReader(side)); err != nil || m.Bounds().Dx() != 32 {
				t.Errorf("%v, %v", m.Bounds(), err)
			}
		}
	}
	if kinds[noiseBeside] < 10 || kinds[otherCaption] < 10 {
		t.Errorf("kinds %v, want both", kinds)
	}
	type answers struct{ looks, fits string }
	for kind, failed := range map[string]map[answers]bool{
		noiseBeside:  {{left, left}: false, {right, left}: true, {left, right}: true, {none, left}: true, {left, none}: true},
		otherCaption: {{left, left}: false, {right, left}: false, {none, left}: false, {left, right}: true, {left, none}: true},
		"":           {{right, right}: false},
	} {
		got := map[answers]bool{}
		for a := range failed {
			got[a] = vote{Attention: kind, Intact: left, Looks: a.looks, Fits: a.fits}.failed()
		}
		if diff := cmp.Diff(failed, got, cmp.AllowUnexported(answers{})); diff != "" {
			t.Errorf("%q: failed (-want +got):\n%s", kind, diff)
		}
	}
}

func TestNamesOfKeptFolders(t *testing.T) {
	s := colours(t, 2, 3, 3, false)
	s.methods[0].name, s.methods[1].name = "disc-cond/none", "../ä b"
	dir := t.TempDir()
	for range 2 { // the second time nothing is left to do
		if err := s.keep(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"0-disc-cond-none", "1-..---b"} {
		if text := readFile(t, filepath.Join(dir, name, "metadata.jsonl")); !strings.HasPrefix(text, `{"file_name":"00000.png","text":"caption 0"}`+"\n") || strings.Count(text, "\n") != 3 {
			t.Errorf("%s: %q", name, text)
		}
	}
}
