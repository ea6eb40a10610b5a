package main

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// served is a server of a study with a new file of votes.
func served(t *testing.T, s study) (srv *server, address, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "votes.jsonl")
	srv, address = servedFrom(t, s, path)
	return srv, address, path
}

func servedFrom(t *testing.T, s study, path string) (srv *server, address string) {
	t.Helper()
	file, votes, _, err := openVotes(path, s.id)
	if err != nil {
		t.Fatal(err)
	}
	srv = newServer(s, file, votes)
	web := httptest.NewServer(srv.handler())
	t.Cleanup(func() { web.Close(); file.Close() })
	return srv, web.URL + "/" + srv.token + "/"
}

func get(t *testing.T, address string) (status int, body []byte, head http.Header) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err = io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, body, r.Header
}

func post(t *testing.T, address string, question any) (status int, st state, body string) {
	t.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	return postText(t, address, string(text))
}

func postText(t *testing.T, address, text string) (status int, st state, body string) {
	t.Helper()
	r, err := http.Post(address, "application/json", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode == http.StatusOK {
		if err := json.Unmarshal(raw, &st); err != nil {
			t.Fatal(err)
		}
	}
	return r.StatusCode, st, string(raw)
}

// Only who knows the token gets anything, and only under this machine's own names.
func TestWrongAddressesAreRefused(t *testing.T) {
	srv, address, path := served(t, colours(t, 2, 3, 3, false))
	root := strings.TrimSuffix(address, srv.token+"/")
	for _, name := range []string{"", "page.css", "page.js"} {
		if status, body, _ := get(t, address+name); status != http.StatusOK || len(body) < 100 {
			t.Errorf("%q: status %d with %d bytes", name, status, len(body))
		}
	}
	for _, wrongly := range []string{"", "favicon.ico", "page.js", srv.token[:len(srv.token)-1] + "/", srv.token + "x/", strings.ToLower(srv.token) + "/", "../" + srv.token[:3], "x/../" + srv.token[:5] + "/page.js"} {
		if status, body, _ := get(t, root+wrongly); status != http.StatusForbidden || !strings.HasPrefix(string(body), "wrong address") {
			t.Errorf("%q: status %d, %.80q, want that it is refused", wrongly, status, body)
		}
	}
	if status, _, _ := post(t, root+"wrong/vote", ballot{Voter: "ann", Looks: left, Fits: left}); status != http.StatusForbidden {
		t.Errorf("a vote without the token: status %d", status)
	}
	if len(srv.token) < 26 || srv.token == newServer(srv.study, srv.file, nil).token {
		t.Errorf("token = %q, want 128 random bits, others for the next server", srv.token)
	}
	for host, want := range map[string]int{"localhost:99": http.StatusOK, "127.0.0.1": http.StatusOK, "evil.example:80": http.StatusForbidden, "127.0.0.1.evil.example": http.StatusForbidden} {
		r := httptest.NewRequest("GET", "/"+srv.token+"/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		srv.handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %s: status %d, want %d", host, w.Code, want)
		}
	}
	for name, want := range map[string]int{"nothing": http.StatusNotFound, "vote": http.StatusMethodNotAllowed, "picture": http.StatusBadRequest} {
		if status, _, _ := get(t, address+name); status != want {
			t.Errorf("%s: status %d, want %d", name, status, want)
		}
	}
	if text := readFile(t, path); text != "" {
		t.Errorf("votes = %q, want none", text)
	}
}

// The page takes nothing from elsewhere.
func TestPageHasNothingFromOutside(t *testing.T) {
	_, address, _ := served(t, colours(t, 2, 3, 3, false))
	outside := regexp.MustCompile(`(?i)https?://|//[a-z]|@import|url\(`)
	for _, name := range []string{"", "page.css", "page.js"} {
		_, body, head := get(t, address+name)
		for line := range strings.Lines(string(body)) {
			if found := outside.FindString(strings.SplitN(line, "// ", 2)[0]); found != "" {
				t.Errorf("%q holds %q", name, line)
			}
		}
		if csp := head.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || head.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%q: headers %v", name, head)
		}
	}
}

func TestVotesThatAreRefused(t *testing.T) {
	_, address, path := served(t, colours(t, 2, 6, 6, true))
	for why, c := range map[string]struct {
		ballot ballot
		status int
		want   string
	}{
		"no name":             {ballot{"  ", 0, left, left, 1}, 400, "want 1 to 40 letters"},
		"a long name":         {ballot{strings.Repeat("n", 41), 0, left, left, 1}, 400, "want 1 to 40 letters"},
		"a name of controls":  {ballot{"a\x00b", 0, left, left, 1}, 400, "want 1 to 40 letters"},
		"no answer":           {ballot{"ann", 0, "", left, 1}, 400, `looks = \"\"`},
		"half an answer":      {ballot{"ann", 0, right, "", 1}, 400, `fits = \"\"`},
		"cannot say":          {ballot{"ann", 0, none, left, 1}, 400, "no answer"},
		"time that runs back": {ballot{"ann", 0, left, left, -1}, 400, "seconds = -1"},
		"a later pair":        {ballot{"ann", 3, left, left, 1}, 409, "not the next"},
		"a pair before all":   {ballot{"ann", -1, left, left, 1}, 409, "not the next"},
	} {
		if status, _, body := post(t, address+"vote", c.ballot); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d, %s, want %d with %q", why, status, body, c.status, c.want)
		}
	}
	for _, text := range []string{"", "{", `{"voter": "ann", "method": "secret-a"}`, `[1]`} {
		if status, _, body := postText(t, address+"vote", text); status != 400 || !strings.Contains(body, `"error"`) {
			t.Errorf("%q: status %d, %s", text, status, body)
		}
	}
	for _, q := range []string{"picture?voter=ann&pair=99&side=left", "picture?voter=ann&pair=-1&side=left"} {
		if status, _, _ := get(t, address+q); status != http.StatusNotFound {
			t.Errorf("%s: status %d", q, status)
		}
	}
	for _, q := range []string{"picture?voter=&pair=0&side=left", "picture?voter=ann&pair=0&side=middle", "picture?voter=ann&pair=x&side=left"} {
		if status, _, _ := get(t, address+q); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", q, status)
		}
	}
	if text := readFile(t, path); text != "" {
		t.Errorf("votes = %q, want none", text)
	}
	if _, err := json.Marshal(ballot{Seconds: math.Inf(1)}); err == nil {
		t.Error("JSON has an infinity: the server would have to refuse it")
	}
}

// The reply to a vote may be lost, and a voter may have two windows: no vote counts twice, and the first stays.
func TestAVoteTwiceIsOneVote(t *testing.T) {
	_, address, path := served(t, colours(t, 2, 6, 6, false))
	for _, looks := range []string{left, left, right} {
		status, st, _ := post(t, address+"vote", ballot{"ann", 0, looks, left, 1})
		if status != http.StatusOK || st.Done != 1 || st.Pair == nil || st.Pair.Number != 1 {
			t.Fatalf("status %d, %+v, want pair 1 next", status, st)
		}
	}
	votes, _, err := readVotes(path)
	if err != nil || len(votes) != 1 || votes[0].Looks != left {
		t.Errorf("%+v, %v, want the first answer alone", votes, err)
	}
}

// Where the disk refuses a vote, the page is told, and the same pair is asked again.
func TestAVoteThatIsNotOnTheDisk(t *testing.T) {
	srv, address, path := served(t, colours(t, 2, 6, 6, false))
	srv.file.file.Close()
	if status, _, body := post(t, address+"vote", ballot{"ann", 0, left, left, 1}); status != http.StatusInternalServerError || !strings.Contains(body, "not on the disk") {
		t.Errorf("status %d, %s", status, body)
	}
	if _, st, _ := post(t, address+"next", voterQuestion{"ann"}); st.Done != 0 || st.Pair.Number != 0 {
		t.Errorf("next = %+v, want the same pair", st)
	}
	if text := readFile(t, path); text != "" {
		t.Errorf("votes = %q", text)
	}
}
