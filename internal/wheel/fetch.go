package wheel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"github.com/addlab/addlab/network/weights"
)

// fetchLimit bounds one wheel. Wheels have up to 63 MB, so this allows for slow lines.
const fetchLimit = 15 * time.Minute

// ErrAltered means that a package came, but not with the pinned checksum.
var ErrAltered = errors.New("another file than the pinned one")

// Fetch brings the file of this system's wheel into the cache and returns its path. Progress, which may be nil, is told when it begins and
// ends. The file appears complete and checked, or not at all. Other processes that want it wait.
func (f File) Fetch(ctx context.Context, progress io.Writer, n *Network) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	w, ok := f.Here()
	if !ok {
		return "", fmt.Errorf("no %s for %s on %s", f.Title, runtime.GOOS, runtime.GOARCH)
	}
	dir, err := f.cacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot write the cache (XDG_CACHE_HOME chooses another): %w", err)
	}

	unlock, err := lock(ctx, filepath.Join(dir, f.Entry+".lock"), func() {
		fmt.Fprintf(progress, "%s: another process is fetching %s, waiting for it\n", f.Prefix, f.Title)
	})
	if err != nil {
		return "", fmt.Errorf("cannot lock the cache (XDG_CACHE_HOME chooses another): %w", err)
	}
	defer unlock()
	if path, ok := f.Cached(); ok {
		return path, nil
	}

	// Killed downloads leave their folders; the holder of the lock removes them.
	leftovers, _ := filepath.Glob(filepath.Join(dir, "."+f.Entry+"-*"))
	for _, folder := range leftovers {
		_ = os.RemoveAll(folder)
	}

	start := time.Now()
	fmt.Fprintf(progress, "%s: fetching %s (%.0f MB) with pip …\n", f.Prefix, f.Title, float64(w.Size)/1e6)
	path, err := f.fetch(ctx, w, dir, n)
	if err == nil {
		fmt.Fprintf(progress, "%s: %s is here after %.1f s\n", f.Prefix, f.Title, time.Since(start).Seconds())
	}
	return path, err
}

// fetch downloads, checks and unpacks a wheel next to the cache entry, then renames it into place.
func (f File) fetch(ctx context.Context, w Pin, dir string, n *Network) (string, error) {
	work, err := os.MkdirTemp(dir, "."+f.Entry+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)

	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	file, err := pipDownload(ctx, n, w, work)
	if err != nil {
		return "", err
	}
	sum, err := weights.SHA256(file)
	if err != nil {
		return "", err
	}
	if sum != w.SHA256 {
		return "", fmt.Errorf("%s: checksum = %s, want %s: %w", w.Spec, sum, w.SHA256, ErrAltered)
	}

	entry := filepath.Join(work, "entry")
	if err := os.Mkdir(entry, 0o755); err != nil {
		return "", err
	}
	size, err := unzip(file, w.Member, filepath.Join(entry, f.Name))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(entry, marker), []byte(w.mark(size)), 0o644); err != nil {
		return "", err
	}
	final := filepath.Join(dir, f.Entry)
	if err := os.RemoveAll(final); err != nil { // an entry that is not complete or no longer pinned
		return "", err
	}
	if err := os.Rename(entry, final); err != nil {
		return "", err
	}
	return filepath.Join(final, f.Name), nil
}

// lock takes the file lock at path and returns the function that gives it back; the system does so if the process dies.
// It calls wait once if another holder is in the way.
func lock(ctx context.Context, path string, wait func()) (unlock func(), err error) {
	file := flock.New(path)
	free, err := file.TryLock()
	if err == nil && !free {
		wait()
		_, err = file.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
