package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"github.com/addlab/addlab/network/weights"
)

// fetchLimit bounds one wheel. Wheels have up to 63 MB, so this allows for slow lines.
const fetchLimit = 15 * time.Minute

// fetch brings the library of this system's wheel into the cache and returns its path.
// The library appears there complete and checked, or not at all. Other processes that want it wait.
func fetch(ctx context.Context, a artifact, s setting) (string, error) {
	w, ok := a.here()
	if !ok {
		return "", fmt.Errorf("no %s for %s on %s", a.title, runtime.GOOS, runtime.GOARCH)
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot write the cache (XDG_CACHE_HOME chooses another): %w", err)
	}

	unlock, err := lock(ctx, filepath.Join(dir, a.name+".lock"), func() {
		fmt.Fprintf(s.progress, "engine: another process is fetching %s, waiting for it\n", a.title)
	})
	if err != nil {
		return "", fmt.Errorf("cannot lock the cache (XDG_CACHE_HOME chooses another): %w", err)
	}
	defer unlock()
	if library, ok := a.cached(); ok {
		return library, nil
	}

	// Killed downloads leave their folders; the holder of the lock removes them.
	leftovers, _ := filepath.Glob(filepath.Join(dir, "."+a.name+"-*"))
	for _, folder := range leftovers {
		_ = os.RemoveAll(folder)
	}

	start := time.Now()
	fmt.Fprintf(s.progress, "engine: fetching %s (%.0f MB) with pip …\n", a.title, float64(w.size)/1e6)
	library, err := fetchWheel(ctx, a, w, dir, s.network)
	if err == nil {
		fmt.Fprintf(s.progress, "engine: %s is here after %.1f s\n", a.title, time.Since(start).Seconds())
	}
	return library, err
}

// fetchWheel downloads, checks and unpacks a wheel next to the cache entry, then renames it into place.
func fetchWheel(ctx context.Context, a artifact, w wheel, dir string, n *network) (string, error) {
	work, err := os.MkdirTemp(dir, "."+a.name+"-")
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
	if sum != w.sha256 {
		return "", fmt.Errorf("%s: checksum = %s, want %s", w.spec, sum, w.sha256)
	}

	entry := filepath.Join(work, "entry")
	if err := os.Mkdir(entry, 0o755); err != nil {
		return "", err
	}
	size, err := unzip(file, w.member, filepath.Join(entry, a.library))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(entry, marker), []byte(w.mark(size)), 0o644); err != nil {
		return "", err
	}
	final := filepath.Join(dir, a.name)
	if err := os.RemoveAll(final); err != nil { // an entry that is not complete or no longer pinned
		return "", err
	}
	if err := os.Rename(entry, final); err != nil {
		return "", err
	}
	return filepath.Join(final, a.library), nil
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
