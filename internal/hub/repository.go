package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/addlab/addlab/internal/download"
)

// Repository is a data set on the hub, or a model.
type Repository struct {
	ID       string // OWNER/NAME
	Revision string // branch, tag or commit; empty for main
	Model    bool
}

// Fetched are files of a repository in the cache.
type Fetched struct {
	Dir   string   // the snapshot; empty where the repository was not found
	Names []string // within Dir, with slashes
}

func (d Repository) String() string {
	if d.Revision == "" {
		return "hf:" + d.ID
	}
	return "hf:" + d.ID + "@" + d.Revision
}

// Fetch gives the files that choose picks from the names of all. What is whole in the cache is used without asking the hub, so that
// a repository stays what it was; the rest is fetched, and each file is compared with the hash that the hub lists. Where the hub does not
// list the files, a snapshot that another program fetched will do, as for huggingface_hub. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are
// obeyed. note hears what is fetched.
func (d Repository) Fetch(ctx context.Context, choose func(names []string) ([]string, error), note func(format string, args ...any)) (Fetched, error) {
	f, err := d.fetch(ctx, choose, note)
	switch {
	case ctx.Err() != nil:
		return f, ctx.Err()
	case err != nil:
		return f, fmt.Errorf("%s: %w", d, err)
	}
	return f, nil
}

func (d Repository) fetch(ctx context.Context, choose func(names []string) ([]string, error), note func(format string, args ...any)) (Fetched, error) {
	var listed *snapshot // what the hub listed when it was asked last, and is not whole
	if info, err := d.listed(); err == nil {
		if s, err := d.snapshot(info, choose); err == nil {
			if s.want, err = s.missing(ctx, note); err == nil && len(s.want) == 0 {
				return s.Fetched, nil
			}
			listed = s
		} else if !MayFetch() {
			return s.Fetched, err
		}
	}
	if !MayFetch() {
		return d.unlisted(choose, listed, note)
	}

	info, err := d.list(ctx)
	if err != nil && ctx.Err() == nil {
		tell := func(format string, args ...any) {
			note("%s: %v: what is in the cache is used", d, err)
			note(format, args...)
		}
		if f, missing := d.unlisted(choose, listed, tell); missing == nil {
			return f, nil
		}
	}
	if err != nil {
		return Fetched{}, d.refused(err)
	}
	s, err := d.snapshot(info, choose)
	if err != nil {
		return s.Fetched, err
	}
	if s.want, err = s.missing(ctx, note); err != nil {
		return s.Fetched, err
	}
	if len(s.want) > 0 {
		note("%s: fetching %d of %d files, %s, from the HuggingFace hub into %s", d, len(s.want), len(s.Names), s.size(), Cache())
	}
	for i, f := range s.want {
		note("%s: %d of %d: %s, %s", d, i+1, len(s.want), f.Name, megabytes(f.Size))
		if err := d.file(ctx, s, f, note); err != nil {
			return s.Fetched, d.refused(err)
		}
	}
	return s.Fetched, nil
}

// listed is the listing of the cache.
func (d Repository) listed() (*hub.RepoInfo, error) {
	text, err := os.ReadFile(d.listing())
	if err != nil {
		return nil, err
	}
	return readListing(text)
}

// list asks the hub for the listing of the revision, and keeps it in the cache.
func (d Repository) list(ctx context.Context) (*hub.RepoInfo, error) {
	if err := download.Internet.Reach(ctx, endpoint()); err != nil {
		return nil, err
	}
	address := fmt.Sprintf("%s/api/%s/%s/revision/%s?blobs=true", endpoint(), d.kinds(), d.ID, d.revision())
	answer, _, err := get(ctx, address, 0)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("%s answers %q, want JSON: HF_ENDPOINT or a proxy may lead elsewhere", address, answer.Header.Get("Content-Type"))
	}
	info, err := readListing(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return info, keep(d.listing(), text)
}

func readListing(text []byte) (*hub.RepoInfo, error) {
	info := &hub.RepoInfo{}
	if err := json.Unmarshal(text, info); err != nil {
		return nil, err
	}
	if !hexadecimal.MatchString(info.CommitHash) {
		return nil, fmt.Errorf("sha = %q, want a commit", info.CommitHash)
	}
	return info, nil
}

// keep writes a file that is whole or not there.
func keep(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".listing-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// file fetches one file. It is named by its hash, so that a part is never continued with bytes of another; the link in the snapshot has
// its name. Other processes that want the file wait.
func (d Repository) file(ctx context.Context, s *snapshot, f *hub.FileInfo, note func(string, ...any)) error {
	path := s.path(f)
	blob := path
	_, sum := hashOf(f)
	if sum != "" {
		blob = filepath.Join(d.home(), "blobs", sum)
	}
	lock := filepath.Join(Cache(), ".locks", filepath.Base(d.home()), cmp.Or(sum, strings.ReplaceAll(f.Name, "/", "--"))+".lock") // as huggingface_hub does
	for _, file := range []string{path, blob, lock} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
	}
	tell := func(format string, args ...any) { note("%s: %s: "+format, append([]any{d, f.Name}, args...)...) }
	unlock, err := download.Lock(ctx, lock, func() { tell("another process is fetching it, waiting") })
	if err != nil {
		return err
	}
	defer unlock()
	if sum == "" {
		_ = os.Remove(blob + ".part") // it may be of anything
	}
	if _, err := os.Stat(blob); err != nil {
		address := fmt.Sprintf("%s/resolve/%s/%s", d.address(), filepath.Base(s.Dir), (&url.URL{Path: f.Name}).EscapedPath())
		if err := persist(ctx, address, blob, tell); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if err := link(path, blob); err != nil {
		return err
	}
	return s.check(ctx, f)
}

// refused explains what the hub says.
func (d Repository) refused(err error) error {
	var r refusal
	if errors.As(err, &r) && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, r.status) {
		return fmt.Errorf("%w; want OWNER/NAME[@REVISION] of a %s that is there, and HF_TOKEN or hf auth login where it is private or gated", err, d.kind())
	}
	return err
}

// revision is the name of the revision in addresses: refs/convert/parquet is one element of a path.
func (d Repository) revision() string {
	if d.Revision == "" {
		return "main"
	}
	return strings.ReplaceAll(d.Revision, "/", "%2F")
}

func (d Repository) kind() string {
	if d.Model {
		return "model"
	}
	return "data set"
}

// kinds is the word for the kind in addresses and folders.
func (d Repository) kinds() string { return strings.ReplaceAll(d.kind(), " ", "") + "s" }

// address is that of the repository on the hub.
func (d Repository) address() string {
	if d.Model {
		return endpoint() + "/" + d.ID
	}
	return endpoint() + "/datasets/" + d.ID
}

// home is the folder of the repository in the cache.
func (d Repository) home() string {
	return filepath.Join(Cache(), d.kinds()+"--"+strings.ReplaceAll(d.ID, "/", "--"))
}

// listing is the file in which what the hub says of a revision is kept, as go-huggingface does.
func (d Repository) listing() string { return filepath.Join(d.home(), "info", d.revision()) }
