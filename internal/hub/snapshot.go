package hub

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/addlab/addlab/internal/download"
)

// snapshot is the state of a repository at one commit.
type snapshot struct {
	Fetched
	files []*hub.FileInfo // that are chosen
	want  []*hub.FileInfo // of them, not in the cache
}

// snapshot chooses from the files that the hub lists.
func (d Repository) snapshot(info *hub.RepoInfo, choose func(names []string) ([]string, error)) (s *snapshot, err error) {
	s = &snapshot{Fetched: Fetched{Dir: filepath.Join(d.home(), "snapshots", info.CommitHash)}}
	byName := map[string]*hub.FileInfo{}
	var names []string
	for _, f := range info.Siblings {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
			return s, fmt.Errorf("file = %q, want a name within the repository", f.Name)
		}
		byName[f.Name] = f
		names = append(names, f.Name)
	}
	if s.Names, err = choose(names); err != nil {
		return s, err
	}
	for _, name := range s.Names {
		if byName[name] == nil {
			return s, fmt.Errorf("%s is missing in the repository", name)
		}
		s.files = append(s.files, byName[name])
	}
	return s, nil
}

func (s *snapshot) path(f *hub.FileInfo) string {
	return filepath.Join(s.Dir, filepath.FromSlash(f.Name))
}

func (s *snapshot) size() string {
	var n int64
	for _, f := range s.want {
		n += f.Size
	}
	return megabytes(n)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// missing lists the files that are not whole in the cache. What is damaged is removed from it.
func (s *snapshot) missing(ctx context.Context, note func(string, ...any)) (missing []*hub.FileInfo, err error) {
	for _, f := range s.files {
		err := s.check(ctx, f)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			continue
		case !errors.Is(err, fs.ErrNotExist):
			note("%v", err)
		}
		missing = append(missing, f)
	}
	return missing, nil
}

// check compares a file of the cache with size and hash that the hub lists, and removes it where they differ.
func (s *snapshot) check(ctx context.Context, f *hub.FileInfo) error {
	path := s.path(f)
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if f.Size > 0 && info.Size() != f.Size {
		return errors.Join(fmt.Errorf("%s: size = %d, want %d as the hub lists: removed, the same command fetches it again", f.Name, info.Size(), f.Size), discard(path))
	}
	name, want := hashOf(f)
	h := sha256.New()
	switch name {
	case "":
		return nil
	case gitHash:
		h = sha1.New()
		fmt.Fprintf(h, "blob %d\x00", info.Size())
	}
	if _, err := io.Copy(h, during(ctx, file)); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return errors.Join(fmt.Errorf("%s: %s = %.12s…, want %.12s… as the hub lists: removed, the same command fetches it again", f.Name, name, got, want), discard(path))
	}
	return nil
}

const gitHash = "git's hash"

// hashOf is the hash of a file that the hub lists, by which huggingface_hub names it, too.
func hashOf(f *hub.FileInfo) (name, sum string) {
	switch {
	case f.LFS != nil && hexadecimal.MatchString(f.LFS.SHA256):
		return "SHA-256", f.LFS.SHA256
	case hexadecimal.MatchString(f.BlobID):
		return gitHash, f.BlobID
	}
	return "", ""
}

var hexadecimal = regexp.MustCompile(`^[0-9a-f]{40,64}$`)

// link lets a file of the snapshot lead to a blob, relative as in huggingface_hub.
func link(path, blob string) error {
	if path == blob {
		return nil
	}
	to, err := filepath.Rel(filepath.Dir(path), blob)
	if err != nil {
		return err
	}
	if now, err := os.Readlink(path); err == nil && now == to { // another process may read it already
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(to, path)
}

// discard removes a link of the snapshot and the file that it leads to.
func discard(path string) error {
	blob, err := filepath.EvalSymlinks(path)
	if err == nil {
		err = os.Remove(blob)
	}
	if removed := os.Remove(path); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// reading stops where its context ends.
type reading struct {
	ctx context.Context
	io.Reader
}

func during(ctx context.Context, r io.Reader) io.Reader { return reading{ctx, r} }

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

const fetchingIsOff = "fetching is off (HF_HUB_OFFLINE or " + download.OffEnv + ")"

// unlisted finds a snapshot that another program has fetched, of which no listing is at hand: listed, which may be nil, is of another.
// Shards tell by their names how many they are.
func (d Repository) unlisted(choose func(names []string) ([]string, error), listed *snapshot, note func(string, ...any)) (f Fetched, err error) {
	missing := fmt.Errorf("not whole in %s%s, and %s", Cache(), listed.lacks(), fetchingIsOff)
	commit := d.Revision
	if ref, err := os.ReadFile(filepath.Join(d.home(), "refs", cmp.Or(d.Revision, "main"))); err == nil {
		commit = strings.TrimSpace(string(ref))
	}
	if commit == "" || !filepath.IsLocal(commit) {
		return f, missing
	}
	f.Dir = filepath.Join(d.home(), "snapshots", commit)
	if listed != nil && listed.Dir == f.Dir {
		return f, missing
	}
	var names []string
	err = filepath.WalkDir(f.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { // a link to a blob
			names = append(names, filepath.ToSlash(path[len(f.Dir)+1:]))
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		return f, missing
	}
	if f.Names, err = choose(names); err == nil {
		err = complete(f.Names)
	}
	if err == nil {
		note("%s: files = %d from the cache, not compared with the hub's listing, which is not there", d, len(f.Names))
	}
	return f, err
}

// lacks names files that are not in the cache.
func (s *snapshot) lacks() string {
	if s == nil || len(s.want) == 0 {
		return ""
	}
	text := fmt.Sprintf(" (%d of %d files are missing: %s", len(s.want), len(s.files), s.want[0].Name)
	for _, f := range s.want[1:min(3, len(s.want))] {
		text += ", " + f.Name
	}
	if len(s.want) > 3 {
		text += ", …"
	}
	return text + ")"
}
