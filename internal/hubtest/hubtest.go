// Package hubtest serves a repository as the HuggingFace hub does, as far as package hub asks.
package hubtest

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Commit is the only one of a repository.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Hub is a hub with one repository. Its fields may change between requests.
type Hub struct {
	Kind, Repo string            // "models" or "datasets", and OWNER/NAME
	Revision   string            // beside main; as in an address
	Files      map[string][]byte // what is listed
	Served     map[string][]byte // what is served instead of what is listed
	Plain      map[string]bool   // files that git itself keeps, which are hashed otherwise
	Cut        map[string]int    // how many times the connection breaks in the middle of what is left of a file
	Stall      map[string]bool   // files whose second half does not come
	NoRange    bool              // all of a file is served, whatever part is asked for
	Token      string            // without it, nothing is there

	mu     sync.Mutex
	asked  []string
	ranges []string
}

// Asked are the names of the files that were fetched, as often as they were, and "" for each listing.
func (h *Hub) Asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

// Ranges are the parts of files that were asked for; all of a file is none.
func (h *Hub) Ranges() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ranges)
}

// Start serves the hub at HF_ENDPOINT until the test ends.
func (h *Hub) Start(t testing.TB) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
}

// EmptyCaches lets nothing of this machine be found, and returns the folder of the user's caches.
func EmptyCaches(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	for _, name := range []string{"HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "TORCH_HOME", "HF_HUB_OFFLINE", "GOMLX_NO_AUTO_INSTALL"} {
		t.Setenv(name, "")
	}
	return dir
}

// ServeHTTP answers the listing of a revision, and files by commit: large ones through a redirect to a store.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	place := "/" + h.Repo + "/resolve/" + Commit + "/"
	if h.Kind == "datasets" {
		place = "/datasets" + place
	}
	revision, listing := strings.CutPrefix(r.URL.EscapedPath(), "/api/"+h.Kind+"/"+h.Repo+"/revision/")
	known := revision == "main" || revision == Commit || h.Revision != "" && revision == h.Revision
	name, file := strings.CutPrefix(r.URL.Path, place)
	stored, store := strings.CutPrefix(r.URL.Path, "/store/")
	switch {
	case store:
		h.serve(w, r, stored)
	case h.Token != "" && r.Header.Get("Authorization") != "Bearer "+h.Token || !listing && !file:
		refuse(w, http.StatusUnauthorized, "Invalid username or password.")
	case listing && !known:
		refuse(w, http.StatusNotFound, "Invalid rev id: "+revision)
	case listing:
		h.ask("")
		_ = json.NewEncoder(w).Encode(h.info())
	case h.Plain[name]:
		h.serve(w, r, name)
	default:
		http.Redirect(w, r, "/store/"+name, http.StatusFound)
	}
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
}

func (h *Hub) ask(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, name)
}

// info is the answer of /api/{kind}/{repo}/revision/{revision}?blobs=true.
func (h *Hub) info() any {
	type sibling struct {
		Name string         `json:"rfilename"`
		Size int            `json:"size"`
		Blob string         `json:"blobId"`
		LFS  map[string]any `json:"lfs,omitempty"`
	}
	var all []sibling
	for name, b := range h.Files {
		s := sibling{Name: name, Size: len(b), Blob: gitHash(b)}
		if !h.Plain[name] {
			pointer := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", sum(b), len(b))
			s.Blob, s.LFS = gitHash([]byte(pointer)), map[string]any{"sha256": sum(b), "size": len(b), "pointerSize": len(pointer)}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b sibling) int { return strings.Compare(a.Name, b.Name) })
	return map[string]any{"_id": "1", "id": h.Repo, "sha": Commit, "siblings": all}
}

func (h *Hub) serve(w http.ResponseWriter, r *http.Request, name string) {
	b, ok := h.Files[name]
	if !ok {
		refuse(w, http.StatusNotFound, "Entry not found")
		return
	}
	w.Header().Set("ETag", `"`+sum(b)+`"`)
	if other, lie := h.Served[name]; lie {
		b = other
	}
	h.ask(name)
	asked := r.Header.Get("Range")
	if h.NoRange {
		r.Header.Del("Range")
	}
	h.mu.Lock()
	if asked != "" {
		h.ranges = append(h.ranges, asked)
	}
	cut := h.Cut[name] > 0
	if cut {
		h.Cut[name]--
	}
	h.mu.Unlock()
	if cut || h.Stall[name] {
		w = &half{ResponseWriter: w}
	}
	http.ServeContent(w, r, path.Base(name), time.Time{}, bytes.NewReader(b))
	switch {
	case h.Stall[name]:
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case cut:
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// half writes one half of the first piece that it is given, and nothing of others.
type half struct {
	http.ResponseWriter
	wrote bool
}

func (h *half) Write(p []byte) (n int, err error) {
	if !h.wrote {
		_, err = h.ResponseWriter.Write(p[:len(p)/2])
	}
	h.wrote = true
	return len(p), err
}

// Unwrap serves http.ResponseController.
func (h *half) Unwrap() http.ResponseWriter { return h.ResponseWriter }

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func gitHash(b []byte) string {
	s := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(b), b))
	return hex.EncodeToString(s[:])
}
