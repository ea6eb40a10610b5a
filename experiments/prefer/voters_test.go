package main

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// What reaches the browser does not tell methods apart: neither texts nor addresses name them or a check, and all pictures are PNG
// files of the same kind.
func TestVotersAreBlind(t *testing.T) {
	srv, address, path := served(t, colours(t, 3, 6, 18, false))
	var all strings.Builder
	status, st, body := post(t, address+"next", voterQuestion{" Ann  Lee "})
	if status != http.StatusOK || st.Voter != "Ann Lee" || st.Total != 20 || st.Done != 0 || st.Forced {
		t.Fatalf("status %d: %s", status, body)
	}
	for n := 0; st.Pair != nil; n++ {
		if st.Pair.Number != n || st.Done != n {
			t.Fatalf("pair %d with %d done, want %d", st.Pair.Number, st.Done, n)
		}
		all.WriteString(body)
		for _, side := range []string{st.Pair.Left, st.Pair.Right} {
			status, picture, head := get(t, address+side)
			m, err := png.Decode(bytes.NewReader(picture))
			if status != http.StatusOK || err != nil || m.Bounds().Empty() || head.Get("Content-Type") != "image/png" || head.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: status %d, %v", side, status, err)
			}
			if bytes.Contains(picture, []byte("tEXt")) || head.Get("Etag") != "" || head.Get("Last-Modified") != "" {
				t.Errorf("%s: the picture tells more than its pixels", side)
			}
		}
		status, st, body = post(t, address+"vote", ballot{"Ann Lee", n, left, none, 1.5})
		if status != http.StatusOK {
			t.Fatalf("vote %d: status %d: %s", n, status, body)
		}
	}
	all.WriteString(body)
	for _, word := range []string{"secret", "noise", "other-caption", "intact", "attention", "check"} {
		if strings.Contains(all.String(), word) {
			t.Errorf("the browser is told %q", word)
		}
	}

	// What was written down is what was shown.
	votes, notes, err := readVotes(path)
	if err != nil || len(notes) > 0 || len(votes) != 20 {
		t.Fatalf("%d votes, notes %q, %v", len(votes), notes, err)
	}
	order := ordered(t, srv.study, "Ann Lee")
	for n, v := range votes {
		p := order[n]
		if v.Voter != "Ann Lee" || v.Pair != n || v.Left != p.left.name || v.Right != p.right.name || v.Caption != p.caption || v.Attention != p.attention ||
			v.Intact != p.intact || v.Looks != left || v.Fits != none || v.Study != srv.study.id || v.Seconds != 1.5 || time.Since(v.Time) > time.Hour {
			t.Errorf("vote %d = %+v, shown was %+v", n, v, p.caption)
		}
	}
}

// After the end of a server the next one goes on where each voter was.
func TestVotersComeBack(t *testing.T) {
	s := colours(t, 2, 6, 6, false)
	path := filepath.Join(t.TempDir(), "votes.jsonl")
	srv, address := servedFrom(t, s, path)
	for n := range 3 {
		post(t, address+"vote", ballot{"ann", n, left, left, 1})
	}
	_, before, _ := post(t, address+"next", voterQuestion{"ann"})
	srv.file.Close()
	_, address = servedFrom(t, s, path)
	_, after, _ := post(t, address+"next", voterQuestion{"ann"})
	if before.Done != 3 || after.Done != 3 || *before.Pair != *after.Pair {
		t.Errorf("before %+v, after %+v, want the same", before, after)
	}
	if _, other, _ := post(t, address+"next", voterQuestion{"bob"}); other.Done != 0 || other.Pair.Number != 0 {
		t.Errorf("another voter = %+v, want the beginning", other)
	}
}

func TestVotersAtTheSameTime(t *testing.T) {
	_, address, path := served(t, colours(t, 3, 8, 18, false))
	var wait sync.WaitGroup
	for v := range 6 {
		for range 2 { // two windows each
			wait.Go(func() {
				for n := range 20 {
					post(t, address+"vote", ballot{fmt.Sprint("voter ", v), n, right, left, 1})
				}
			})
		}
	}
	wait.Wait()
	votes, notes, err := readVotes(path)
	seen := map[string]bool{}
	for _, v := range votes {
		seen[fmt.Sprint(v.Voter, v.Pair)] = true
	}
	if err != nil || len(notes) > 0 || len(votes) != 120 || len(seen) != 120 {
		t.Errorf("%d votes of %d pairs, notes %q, %v, want 120", len(votes), len(seen), notes, err)
	}
}
