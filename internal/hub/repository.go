package hub

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/go-huggingface/hub"
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
// a repository stays what it was; the rest is fetched, and each file is compared with the hash that the hub lists. HF_ENDPOINT,
// HF_TOKEN and HF_HUB_OFFLINE are obeyed. note hears what is fetched.
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
	kind := hub.RepoTypeDataset
	if d.Model {
		kind = hub.RepoTypeModel
	}
	repo := hub.New(d.ID).WithType(kind).WithCacheDir(Cache()).WithRevision(d.revision()).WithProgressBar(false).WithAuth(Token())
	repo.Verbosity = 0   // it would speak on standard output
	var listed *snapshot // what the hub listed when it was asked last, and is not whole
	if _, err := os.Stat(d.listing()); err == nil && repo.DownloadInfo(false) == nil {
		if s, err := d.snapshot(repo.Info(), choose); err == nil {
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

	if err := repo.DownloadInfo(true); err != nil {
		return Fetched{}, d.refused(cause(err))
	}
	s, err := d.snapshot(repo.Info(), choose)
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
		if err := s.fetch(ctx, repo, f); err != nil {
			return s.Fetched, d.refused(err)
		}
	}
	return s.Fetched, nil
}

// fetch fetches one file.
func (s *snapshot) fetch(ctx context.Context, repo *hub.Repo, f *hub.FileInfo) error {
	paths, err := Download(ctx, repo, f.Name)
	switch {
	case err != nil:
		return err
	case filepath.Clean(paths[0]) != s.path(f):
		return fmt.Errorf("%s: the repository changed on the hub meanwhile: the same command takes the new state", f.Name)
	}
	return s.check(ctx, f)
}

// refused explains what the hub says.
func (d Repository) refused(err error) error {
	err = FirstLine(err)
	for _, status := range []string{"401", "403", "404"} {
		if strings.Contains(err.Error(), status) {
			return fmt.Errorf("%w; want OWNER/NAME[@REVISION] of a %s that is there, and HF_TOKEN where it is private or gated", err, d.kind())
		}
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

// home is the folder of the repository in the cache.
func (d Repository) home() string {
	return filepath.Join(Cache(), strings.ReplaceAll(d.kind(), " ", "")+"s--"+strings.ReplaceAll(d.ID, "/", "--"))
}

// listing is the file in which go-huggingface keeps what the hub says of a revision.
func (d Repository) listing() string { return filepath.Join(d.home(), "info", d.revision()) }
