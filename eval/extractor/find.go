package extractor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/addlab/addlab/network/weights"
)

// source tells where the weights of a kind come from.
type source struct {
	files  []string // usual names, the best first
	repo   string   // on the HuggingFace hub; empty where it has none
	beside []string // further files needed, such as a tokenizer's
	torch  []string // names in the cache of PyTorch's hub
	about  string   // what to get where nothing is found
}

// find returns the file of weights: what the user named, what PyTorch's or HuggingFace's programs left on this machine, or what
// the hub gives.
func (s source) find(ctx context.Context, o Options) (string, error) {
	if o.Weights != "" {
		return weightsFile(o.Weights, slices.Concat(s.files, s.torch))
	}
	for _, name := range s.torch {
		if file := filepath.Join(torchCache(), name); isFile(file) {
			return file, nil
		}
	}
	if s.repo != "" {
		if file, ok := s.cached(); ok {
			return file, nil
		}
		if !mayFetch() {
			return "", fmt.Errorf("extractor: %s is not on this machine and fetching is off; want %s, or the weights named", s.repo, s.about)
		}
		return s.fetch(ctx, cmp.Or(o.Progress, io.Discard))
	}
	return "", fmt.Errorf("extractor: no weights found; want %s, or the file named", s.about)
}

// cached is the newest complete snapshot in HuggingFace's cache.
func (s source) cached() (string, bool) {
	dir := filepath.Join(hubCache(), "models--"+strings.ReplaceAll(s.repo, "/", "--"), "snapshots")
	entries, _ := os.ReadDir(dir)
	slices.SortFunc(entries, func(a, b os.DirEntry) int {
		ia, errA := a.Info()
		ib, errB := b.Info()
		if errA != nil || errB != nil {
			return cmp.Compare(a.Name(), b.Name())
		}
		return ib.ModTime().Compare(ia.ModTime())
	})
	for _, e := range entries {
		whole := true
		for _, name := range s.beside {
			whole = whole && isFile(filepath.Join(dir, e.Name(), name))
		}
		for _, name := range s.files {
			if file := filepath.Join(dir, e.Name(), name); whole && isFile(file) {
				return file, true
			}
		}
	}
	return "", false
}

func (s source) fetch(ctx context.Context, progress io.Writer) (string, error) {
	repo := hub.New(s.repo).WithCacheDir(hubCache()).WithProgressBar(false)
	repo.Verbosity = 0 // it would speak on standard output
	if token := os.Getenv("HF_TOKEN"); token != "" {
		repo = repo.WithAuth(token)
	}
	if err := repo.DownloadInfo(true); err != nil {
		return "", fmt.Errorf("extractor: weights of %s: %w; want %s, or the file named", s.repo, firstLine(err), s.about)
	}
	i := slices.IndexFunc(s.files, repo.HasFile)
	if i < 0 {
		return "", fmt.Errorf("extractor: %s on the hub has none of %s", s.repo, strings.Join(s.files, ", "))
	}
	fmt.Fprintf(progress, "fetching %s of %s from the HuggingFace hub into %s\n", s.files[i], s.repo, hubCache())
	names := append([]string{s.files[i]}, s.beside...)
	paths, err := repo.DownloadFilesCtx(ctx, names...)
	if err != nil {
		return "", fmt.Errorf("extractor: weights of %s: %w", s.repo, firstLine(err))
	}
	for i, name := range names {
		if err := matches(repo.Info(), name, paths[i]); err != nil {
			return "", err
		}
	}
	return paths[0], nil
}

// matches wants a fetched file to have the hash that the hub lists; small files have none there.
func matches(info *hub.RepoInfo, name, path string) error {
	for _, f := range info.Siblings {
		if f.Name != name || f.LFS == nil || f.LFS.SHA256 == "" {
			continue
		}
		sum, err := weights.SHA256(path)
		if err != nil {
			return err
		}
		if sum != f.LFS.SHA256 {
			return fmt.Errorf("extractor: %s: SHA-256 = %s, want %s as the hub lists (delete it and fetch again)", path, sum, f.LFS.SHA256)
		}
	}
	return nil
}

// firstLine keeps stack traces out of messages; the cause stays known to errors.Is.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return shortError{line, err}
}

type shortError struct {
	line string
	err  error
}

func (e shortError) Error() string { return e.line }
func (e shortError) Unwrap() error { return e.err }

// mayFetch obeys the variables by which users forbid downloads.
func mayFetch() bool {
	return os.Getenv("GOMLX_NO_AUTO_INSTALL") == "" && (os.Getenv("HF_HUB_OFFLINE") == "" || os.Getenv("HF_HUB_OFFLINE") == "0")
}

func userCache() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("XDG_CACHE_HOME"), filepath.Join(home, ".cache"))
}

func torchCache() string {
	return filepath.Join(cmp.Or(os.Getenv("TORCH_HOME"), filepath.Join(userCache(), "torch")), "hub", "checkpoints")
}

func hubCache() string {
	return cmp.Or(os.Getenv("HF_HUB_CACHE"), filepath.Join(cmp.Or(os.Getenv("HF_HOME"), filepath.Join(userCache(), "huggingface")), "hub"))
}
