package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/hubtest"
)

// everything chooses all files but README.md.
func everything(names []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "README.md" }), nil
}

func small() *hubtest.Hub {
	return &hubtest.Hub{
		Kind: "datasets", Repo: "nobody/cats",
		Files: map[string][]byte{
			"README.md": []byte("cats"), "data/train-00000-of-00002.parquet": []byte(strings.Repeat("one", 1000)),
			"data/train-00001-of-00002.parquet": []byte(strings.Repeat("two", 1000)), "notes.txt": []byte("kept by git"),
		},
		Plain: map[string]bool{"notes.txt": true, "README.md": true},
	}
}

// notes hears what a fetch tells.
type notes []string

func (n *notes) note(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

// wantFiles compares what is in the cache with what the hub lists.
func wantFiles(t *testing.T, f Fetched, h *hubtest.Hub) {
	t.Helper()
	for _, name := range f.Names {
		data, err := os.ReadFile(filepath.Join(f.Dir, filepath.FromSlash(name)))
		if err != nil || string(data) != string(h.Files[name]) {
			t.Errorf("%s: error = %v, %d bytes, want %d as listed", name, err, len(data), len(h.Files[name]))
		}
	}
	if len(f.Names) != len(h.Files)-1 {
		t.Errorf("files = %q, want all but README.md", f.Names)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error = %v\nwant one line with %q", err, part)
		}
	}
}

func TestFilesAreFetchedOnce(t *testing.T) {
	cache := hubtest.EmptyCaches(t)
	h := small()
	h.Start(t)
	d := Repository{ID: h.Repo}
	var n notes
	f, err := d.Fetch(t.Context(), everything, n.note)
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, f, h)
	want := []string{
		"hf:nobody/cats: fetching 3 of 3 files, 0.0 MB, from the HuggingFace hub into " + cache + "/huggingface/hub",
		"hf:nobody/cats: 1 of 3: data/train-00000-of-00002.parquet, 0.0 MB",
		"hf:nobody/cats: 2 of 3: data/train-00001-of-00002.parquet, 0.0 MB",
		"hf:nobody/cats: 3 of 3: notes.txt, 0.0 MB",
	}
	if diff := cmp.Diff(want, []string(n)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	asked := len(h.Asked())

	// The second call asks nothing, and neither does one without a hub.
	n = nil
	for _, offline := range []string{"", "1"} {
		t.Setenv("HF_HUB_OFFLINE", offline)
		again, err := d.Fetch(t.Context(), everything, n.note)
		if diff := cmp.Diff(f, again); err != nil || diff != "" {
			t.Errorf("error = %v, second call (-first +second):\n%s", err, diff)
		}
	}
	if len(h.Asked()) != asked || len(n) > 0 {
		t.Errorf("asked %d times more, notes = %q, want neither", len(h.Asked())-asked, n)
	}
}

func TestFilesAreComparedWithTheListing(t *testing.T) {
	const name = "data/train-00001-of-00002.parquet"
	for what, c := range map[string]struct{ file, served, want string }{
		"other bytes":        {name, strings.Repeat("twa", 1000), "SHA-256 = "},
		"another size":       {name, "two", "size = 3, want 3000 as the hub lists"},
		"other bytes in git": {"notes.txt", "KEPT by git", "git's hash = "},
	} {
		t.Run(what, func(t *testing.T) {
			hubtest.EmptyCaches(t)
			h := small()
			h.Served = map[string][]byte{c.file: []byte(c.served)}
			h.Start(t)
			d := Repository{ID: h.Repo}
			var n notes
			_, err := d.Fetch(t.Context(), everything, n.note)
			wantError(t, err, "hf:nobody/cats: "+c.file+": "+c.want, "removed, the same command fetches it again")
			h.Served = nil
			f, err := d.Fetch(t.Context(), everything, n.note)
			if err != nil {
				t.Fatal(err)
			}
			wantFiles(t, f, h)
		})
	}

	// A file that was damaged on the disk is fetched again, or missed.
	hubtest.EmptyCaches(t)
	h := small()
	h.Start(t)
	d := Repository{ID: h.Repo}
	var n notes
	f, err := d.Fetch(t.Context(), everything, n.note)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.Dir, name)
	if err := os.WriteFile(path, []byte(strings.Repeat("twa", 1000)), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err = d.Fetch(t.Context(), everything, n.note)
	wantError(t, err, "hf:nobody/cats: not whole in ", "fetching is off (HF_HUB_OFFLINE or GOMLX_NO_AUTO_INSTALL)")
	if last := n[len(n)-1]; !strings.Contains(last, name+": SHA-256 = ") {
		t.Errorf("notes = %q, want the damaged file named", n)
	}
	t.Setenv("HF_HUB_OFFLINE", "")
	if f, err = d.Fetch(t.Context(), everything, n.note); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, f, h)
}

func TestWhatTheHubRefusesIsSaid(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := small()
	h.Revision = "refs%2Fconvert%2Fparquet"
	h.Start(t)
	none := func(format string, args ...any) { t.Helper(); t.Logf(format, args...) }
	_, err := Repository{ID: "nobody/dogs"}.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/dogs: bad status code 401: Invalid username or password.; want OWNER/NAME[@REVISION] of a data set that is there, and HF_TOKEN")
	_, err = Repository{ID: h.Repo, Revision: "v2"}.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/cats@v2: bad status code 404: Invalid rev id: v2; want OWNER/NAME[@REVISION]")
	if f, err := (Repository{ID: h.Repo, Revision: "refs/convert/parquet"}).Fetch(t.Context(), everything, none); err != nil {
		t.Error(err)
	} else {
		wantFiles(t, f, h)
	}

	hubtest.EmptyCaches(t)
	h.Start(t)
	h.Token = "secret"
	_, err = Repository{ID: h.Repo}.Fetch(t.Context(), everything, none)
	wantError(t, err, "HF_TOKEN or hf auth login where it is private or gated")
	t.Setenv("HF_TOKEN", "secret")
	if _, err := (Repository{ID: h.Repo}).Fetch(t.Context(), everything, none); err != nil {
		t.Error(err)
	}

	hubtest.EmptyCaches(t)
	t.Setenv("HF_ENDPOINT", "http://127.0.0.1:1")
	_, err = Repository{ID: h.Repo}.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/cats: 127.0.0.1:1 cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused")

	h.Files["../out"] = nil
	h.Start(t)
	t.Setenv("HF_TOKEN", "secret")
	_, err = Repository{ID: h.Repo}.Fetch(t.Context(), everything, none)
	wantError(t, err, `file = "../out", want a name within the repository`)
	delete(h.Files, "../out")

	nothing := errors.New("nothing to choose")
	_, err = Repository{ID: h.Repo}.Fetch(t.Context(), func([]string) ([]string, error) { return nil, nothing }, none)
	if !errors.Is(err, nothing) {
		t.Errorf("error = %v, want that of the choice", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = (Repository{ID: h.Repo}).Fetch(ctx, everything, none); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want the interruption", err)
	}
}

// A commit names the folder of its snapshot, whole or not.
func TestOfflineWhatTheListingMissesIsNamed(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := halfServed(t)
	d := Repository{ID: h.Repo, Revision: hubtest.Commit}
	var n notes
	two := func([]string) ([]string, error) { return []string{"notes.txt", second}, nil }
	_, err := d.Fetch(t.Context(), two, n.note)
	wantError(t, err, "the connection broke 3 times")
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err = d.Fetch(t.Context(), everything, n.note) // no shard is there whose name tells of others
	wantError(t, err, "(2 of 3 files are missing: "+first+", "+second+"), and fetching is off")

	t.Setenv("HF_HUB_OFFLINE", "")
	f, err := d.Fetch(t.Context(), everything, n.note)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "notes.txt"), []byte("KEPT by git"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	for range 2 {
		_, err = d.Fetch(t.Context(), everything, n.note)
		wantError(t, err, "(1 of 3 files are missing: notes.txt), and fetching is off")
	}
}

// huggingface_hub keeps the commit of a revision in refs, and links to blobs in snapshots.
func TestOfflineWhatOtherProgramsFetchedIsFound(t *testing.T) {
	cache := hubtest.EmptyCaches(t)
	t.Setenv("HF_HUB_OFFLINE", "1")
	home := filepath.Join(cache, "huggingface", "hub", "datasets--nobody--cats")
	write := func(name, text string) { t.Helper(); write(t, text, home, name) }
	var n notes
	d, none := Repository{ID: "nobody/cats"}, n.note
	_, err := d.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/cats: not whole in "+cache, "fetching is off")
	write("refs/main", hubtest.Commit)
	write("blobs/1", "one")
	write("snapshots/"+hubtest.Commit+"/README.md", "cats")
	if err := os.Symlink("../../blobs/1", filepath.Join(home, "snapshots", hubtest.Commit, "train-00000-of-00002.parquet")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	_, err = d.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/cats: shards train-*-of-00002.parquet = 1, want 2: the others are not in the cache")
	write("snapshots/"+hubtest.Commit+"/train-00001-of-00002.parquet", "two")
	for _, revision := range []string{"", "main", hubtest.Commit} {
		f, err := Repository{ID: "nobody/cats", Revision: revision}.Fetch(t.Context(), everything, none)
		if diff := cmp.Diff([]string{"train-00000-of-00002.parquet", "train-00001-of-00002.parquet"}, f.Names); err != nil || diff != "" {
			t.Errorf("%q: error = %v, files (-want +got):\n%s", revision, err, diff)
		}
	}
	if len(n) != 3 || n[0] != "hf:nobody/cats: files = 2 from the cache, not compared with the hub's listing, which is not there" {
		t.Errorf("notes = %q, want one for each", n)
	}
	_, err = Repository{ID: "nobody/cats", Revision: "v2"}.Fetch(t.Context(), everything, none)
	wantError(t, err, "hf:nobody/cats@v2: not whole in ")
}
