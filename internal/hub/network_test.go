package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/hubtest"
)

// write writes a file and the folders above it.
func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

const first, second = "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"

// halfServed is the small hub, whose second file breaks off at every try of one call.
func halfServed(t *testing.T) *hubtest.Hub {
	h := small()
	h.Cut = map[string]int{second: tries}
	h.Start(t)
	return h
}

func TestAnInterruptedFetchKeepsWholeFiles(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := halfServed(t)
	d := Repository{ID: h.Repo}
	var n notes
	_, err := d.Fetch(t.Context(), everything, n.note)
	wantError(t, err, "hf:nobody/cats: "+second+": the connection broke 3 times")

	f, err := d.Fetch(t.Context(), everything, n.note)
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, f, h)
	count := map[string]int{}
	for _, name := range h.Asked() {
		count[name]++
	}
	if count[first] != 1 || count[second] != tries+1 {
		t.Errorf("fetched %v, want the first once and the second %d times", count, tries+1)
	}
	if !slices.Contains(n, "hf:nobody/cats: 1 of 2: "+second+", 0.0 MB") {
		t.Errorf("notes = %q, want the second call to fetch two files", n)
	}

	// One break is bridged.
	hubtest.EmptyCaches(t)
	h = small()
	h.Cut = map[string]int{first: 1}
	h.Start(t)
	if f, err = d.Fetch(t.Context(), everything, n.note); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, f, h)
	if !slices.Contains(n, "hf:nobody/cats: "+first+": the connection broke (unexpected EOF): continuing") {
		t.Errorf("notes = %q, want the break told", n)
	}

	// What cannot be written is not asked for again.
	hubtest.EmptyCaches(t)
	h = small()
	h.Start(t)
	sum := sha256.Sum256(h.Files[first])
	write(t, "", Cache(), "datasets--nobody--cats", "blobs", hex.EncodeToString(sum[:])+".part", "in the way")
	_, err = d.Fetch(t.Context(), everything, n.note)
	wantError(t, err, first+": open ", ".part: is a directory")
	if last := n[len(n)-1]; last != "hf:nobody/cats: 1 of 3: "+first+", 0.0 MB" {
		t.Errorf("last note = %q, want one try", last)
	}
}

func TestAPartIsContinued(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := halfServed(t)
	h.Cut["notes.txt"] = 1
	d := Repository{ID: h.Repo}
	var n notes
	_, err := d.Fetch(t.Context(), everything, n.note)
	wantError(t, err, "hf:nobody/cats: "+second+": the connection broke 3 times (unexpected EOF): the same command continues this file")
	f, err := d.Fetch(t.Context(), everything, n.note)
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, f, h)
	want := []string{"bytes=1500-", "bytes=2250-", "bytes=2625-", "bytes=5-"}
	if diff := cmp.Diff(want, h.Ranges()); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
	if parts, _ := filepath.Glob(filepath.Join(Cache(), "*", "blobs", "*.part")); len(parts) > 0 {
		t.Errorf("left %q, want whole files alone", parts)
	}
}

func TestAPartOfOtherBytesIsNotKept(t *testing.T) {
	for why, change := range map[string]struct {
		of     func(h *hubtest.Hub, part string)
		err    string
		ranges int
	}{
		"the server knows no ranges":     {func(h *hubtest.Hub, _ string) { h.NoRange = true }, "", 3},
		"the hub has another file now":   {func(h *hubtest.Hub, _ string) { h.Files[second] = []byte(strings.Repeat("three", 1000)) }, "", 2},
		"the part is longer":             {func(_ *hubtest.Hub, part string) { os.Truncate(part, 3001) }, "", 3},
		"the part was damaged":           {func(_ *hubtest.Hub, part string) { os.WriteFile(part, make([]byte, 2000), 0o666) }, "SHA-256 = ", 3},
		"the part is whole and not read": {func(_ *hubtest.Hub, part string) { os.Truncate(part, 3000) }, "", 3},
	} {
		t.Run(why, func(t *testing.T) {
			hubtest.EmptyCaches(t)
			h := halfServed(t)
			d := Repository{ID: h.Repo}
			if _, err := d.Fetch(t.Context(), everything, t.Logf); err == nil {
				t.Fatal("no error, want that the connection broke")
			}
			parts, err := filepath.Glob(filepath.Join(Cache(), "*", "blobs", "*.part"))
			if err != nil || len(parts) != 1 {
				t.Fatalf("parts = %q, want one", parts)
			}
			change.of(h, parts[0])
			f, err := d.Fetch(t.Context(), everything, t.Logf)
			if change.err != "" {
				wantError(t, err, second+": "+change.err, "removed, the same command fetches it again")
				f, err = d.Fetch(t.Context(), everything, t.Logf)
			}
			if err != nil {
				t.Fatal(err)
			}
			wantFiles(t, f, h)
			if len(h.Ranges()) != change.ranges {
				t.Errorf("ranges = %q, want %d", h.Ranges(), change.ranges)
			}
		})
	}
}

func TestProcessesFetchAFileOnce(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := small()
	h.Start(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			f, err := Repository{ID: h.Repo}.Fetch(t.Context(), everything, t.Logf)
			if err != nil {
				t.Error(err)
			}
			wantFiles(t, f, h)
		})
	}
	wait.Wait()
	asked := slices.DeleteFunc(h.Asked(), func(name string) bool { return name == "" })
	if len(asked) != 3 {
		t.Errorf("fetched %q, want each file once", asked)
	}
}

// hasty gives up soon.
func hasty(t *testing.T) {
	internet := download.Internet
	t.Cleanup(func() { download.Internet = internet })
	download.Internet = &download.Network{Patience: 300 * time.Millisecond, Silence: 300 * time.Millisecond}
}

func TestSilenceIsNotWaitedFor(t *testing.T) {
	hubtest.EmptyCaches(t)
	hasty(t)
	h := small()
	h.Stall = map[string]bool{second: true}
	h.Start(t)
	d := Repository{ID: h.Repo}
	_, err := d.Fetch(t.Context(), everything, t.Logf)
	wantError(t, err, "hf:nobody/cats: "+second+": the connection broke 3 times (no byte came for 300ms): the same command continues this file")

	hubtest.EmptyCaches(t)
	answers(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err = d.Fetch(t.Context(), everything, t.Logf)
	wantError(t, err, "hf:nobody/cats: 127.0.0.1:", " cannot be reached: no answer within 300ms")

	answers(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			<-r.Context().Done()
		}
	})
	_, err = d.Fetch(t.Context(), everything, t.Logf)
	wantError(t, err, "hf:nobody/cats: 127.0.0.1:", ": no byte came for 300ms")
}

// answers lets a hub answer.
func answers(t *testing.T, how http.HandlerFunc) {
	server := httptest.NewServer(how)
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
}

// A page of a proxy is none of a hub's answers, and leaves nothing in the cache.
func TestAnswersWithoutJSONAreNamed(t *testing.T) {
	hubtest.EmptyCaches(t)
	for answer, want := range map[string]string{
		"<!DOCTYPE html>\n<p>Log in": `answers "text/html; charset=utf-8", want JSON: HF_ENDPOINT or a proxy may lead elsewhere`,
		`{"sha": "../.."}`:           `sha = "../..", want a commit`,
	} {
		answers(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
		_, err := Repository{ID: "nobody/cats"}.Fetch(t.Context(), everything, t.Logf)
		wantError(t, err, os.Getenv("HF_ENDPOINT")+"/api/datasets/nobody/cats/revision/main?blobs=true", want)
	}
	if found, _ := filepath.Glob(filepath.Join(Cache(), "*", "info", "*")); len(found) > 0 {
		t.Errorf("left %q, want nothing", found)
	}
}

func TestWithoutTheHubTheCacheOfOthersWillDo(t *testing.T) {
	hubtest.EmptyCaches(t)
	home := filepath.Join(Cache(), "datasets--nobody--cats")
	write(t, hubtest.Commit, home, "refs", "main")
	write(t, "one", home, "snapshots", hubtest.Commit, "train-00000-of-00002.parquet")
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	d := Repository{ID: "nobody/cats"}
	_, err := d.Fetch(t.Context(), everything, t.Logf)
	wantError(t, err, "hf:nobody/cats: 127.0.0.1:1 cannot be reached")

	write(t, "two", home, "snapshots", hubtest.Commit, "train-00001-of-00002.parquet")
	for why, how := range map[string]http.HandlerFunc{
		"cannot be reached":         nil,
		"bad status code 502":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"bad status code 401":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		`answers "text/html; chars`: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
	} {
		t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
		if how != nil {
			answers(t, how)
		}
		var n notes
		f, err := d.Fetch(t.Context(), everything, n.note)
		if err != nil || len(f.Names) != 2 {
			t.Errorf("%s: files = %q, error = %v, want two", why, f.Names, err)
		}
		if len(n) != 2 || !strings.Contains(n[0], why) || !strings.HasSuffix(n[0], ": what is in the cache is used") {
			t.Errorf("notes = %q, want %q", n, why)
		}
	}
}

func TestTheTokenOfALoginIsSent(t *testing.T) {
	cache, home, other := hubtest.EmptyCaches(t), t.TempDir(), filepath.Join(t.TempDir(), "other")
	write(t, "of-cache\n", cache, "huggingface", "token")
	write(t, "of-home\n", home, "token")
	write(t, "of-path", other)
	for _, c := range []struct{ variable, value, want string }{
		{"HF_HOME", "", "of-cache"}, {"HF_HOME", home, "of-home"}, {"HF_TOKEN_PATH", other, "of-path"}, {"HF_TOKEN", " of-variable\n", "of-variable"},
	} {
		t.Setenv(c.variable, c.value)
		h := small()
		h.Token = c.want
		h.Start(t)
		if _, err := (Repository{ID: h.Repo, Revision: hubtest.Commit}).Fetch(t.Context(), everything, t.Logf); err != nil {
			t.Errorf("%s=%s: %v, want the token %s", c.variable, c.value, err, c.want)
		}
		if err := os.RemoveAll(Cache()); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HF_TOKEN_PATH", filepath.Join(home, "none"))
	t.Setenv("HF_TOKEN", "")
	if got := Token(); got != "" {
		t.Errorf("token = %q, want none", got)
	}
}
