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
	"time"

	"github.com/addlab/addlab/internal/hub"
	"github.com/addlab/addlab/network/packaged"
)

// source tells where the weights of a kind come from.
type source struct {
	files  []string // usual names, the best first
	repo   string   // on the HuggingFace hub; empty where it has none
	beside []string // further files needed, such as a tokenizer's
	torch  []string // names in the cache of PyTorch's hub
	about  string   // what to get where nothing is found

	packaged *packaged.Weights // in a package that pip brings; nil where there is none
}

// find returns the file of weights: what the user named, what PyTorch's or HuggingFace's programs left on this machine, or what
// a package or the hub gives.
func (s source) find(ctx context.Context, o Options) (string, error) {
	if o.Weights != "" {
		return weightsFile(o.Weights, slices.Concat(s.files, s.torch))
	}
	for _, name := range s.torch {
		if file := filepath.Join(torchCache(), name); isFile(file) {
			return file, nil
		}
	}
	if s.packaged != nil {
		file, err := s.packaged.Find(ctx, o.Progress)
		if err != nil {
			return "", fmt.Errorf("extractor: %w; or name %s", err, s.about)
		}
		return file, nil
	}
	if s.repo != "" {
		if file, ok := s.cached(); ok {
			return file, nil
		}
		if !hub.MayFetch() {
			return "", fmt.Errorf("extractor: %s is not on this machine and fetching is off; want %s, or the weights named", s.repo, s.about)
		}
		return s.fetch(ctx, cmp.Or(o.Progress, io.Discard))
	}
	return "", fmt.Errorf("extractor: no weights found; want %s, or the file named", s.about)
}

// cached is the newest complete snapshot in HuggingFace's cache.
func (s source) cached() (string, bool) {
	dir := filepath.Join(hub.Cache(), "models--"+strings.ReplaceAll(s.repo, "/", "--"), "snapshots")
	entries, _ := os.ReadDir(dir)
	changed := func(e os.DirEntry) (t time.Time) {
		if info, err := e.Info(); err == nil {
			t = info.ModTime()
		}
		return t
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return changed(b).Compare(changed(a)) })
	for _, e := range entries {
		there := func(name string) bool { return isFile(filepath.Join(dir, e.Name(), name)) }
		if i := slices.IndexFunc(s.files, there); i >= 0 && !slices.ContainsFunc(s.beside, func(name string) bool { return !there(name) }) {
			return filepath.Join(dir, e.Name(), s.files[i]), true
		}
	}
	return "", false
}

func (s source) fetch(ctx context.Context, progress io.Writer) (string, error) {
	note := func(format string, args ...any) { fmt.Fprintf(progress, format+"\n", args...) }
	f, err := hub.Repository{ID: s.repo, Model: true}.Fetch(ctx, s.choose, note)
	if err != nil {
		return "", fmt.Errorf("extractor: weights: %w; want %s, or the file named", err, s.about)
	}
	return filepath.Join(f.Dir, filepath.FromSlash(f.Names[0])), nil
}

// choose picks the weights and what is needed beside them.
func (s source) choose(names []string) ([]string, error) {
	i := slices.IndexFunc(s.files, func(name string) bool { return slices.Contains(names, name) })
	if i < 0 {
		return nil, fmt.Errorf("has none of %s", strings.Join(s.files, ", "))
	}
	return append([]string{s.files[i]}, s.beside...), nil
}

func torchCache() string {
	return filepath.Join(cmp.Or(os.Getenv("TORCH_HOME"), filepath.Join(hub.UserCache(), "torch")), "hub", "checkpoints")
}
