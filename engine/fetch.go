package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/addlab/addlab/network/weights"
)

// fetchLimit bounds one package. Packages have up to 114 MB, so this allows for slow lines.
const fetchLimit = 15 * time.Minute

// downloads bring one archive into dir with the client of its registry and return its path.
var downloads = map[string]func(ctx context.Context, n *network, p archive, dir string) (string, error){"pip": pipDownload, "npm": npmPack}

// fetch brings the library of a package into the cache and returns its path.
// The library appears there complete and checked, or not at all. Other processes that want it wait.
func fetch(ctx context.Context, a artifact, p archive, s setting) (string, error) {
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
	if library, _, ok := a.cached(); ok {
		return library, nil
	}

	// Killed downloads leave their folders; the holder of the lock removes them.
	leftovers, _ := filepath.Glob(filepath.Join(dir, "."+a.name+"-*"))
	for _, folder := range leftovers {
		_ = os.RemoveAll(folder)
	}

	start := time.Now()
	fmt.Fprintf(s.progress, "engine: fetching %s (%.0f MB) with %s …\n", a.title, float64(p.size)/1e6, p.client)
	library, err := fetchArchive(ctx, a, p, dir, s.network)
	if err == nil {
		fmt.Fprintf(s.progress, "engine: %s is here after %.1f s\n", a.title, time.Since(start).Seconds())
	}
	return library, err
}

// fetchArchive downloads, checks and unpacks one package next to the cache entry, then renames it into place.
func fetchArchive(ctx context.Context, a artifact, p archive, dir string, n *network) (string, error) {
	work, err := os.MkdirTemp(dir, "."+a.name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)

	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	file, err := downloads[p.client](ctx, n, p, work)
	if err != nil {
		return "", err
	}
	sum, err := weights.SHA256(file)
	if err != nil {
		return "", err
	}
	if sum != p.sha256 {
		return "", fmt.Errorf("%s: checksum = %s, want %s", p.spec, sum, p.sha256)
	}

	entry := filepath.Join(work, "entry")
	if err := os.Mkdir(entry, 0o755); err != nil {
		return "", err
	}
	size, err := unpack(file, p.member, filepath.Join(entry, a.library))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(entry, marker), []byte(p.mark(size)), 0o644); err != nil {
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

// runClient runs a package client and returns what it says of its failure.
func runClient(ctx context.Context, env []string, argv ...string) error {
	cmd := quickCommand(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err == nil {
		return nil
	}
	name := filepath.Base(argv[0])
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: no end before the time limit", name)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s: %s (%w)", name, complaint(out.String()), err)
}

// complaint is the line of a client's output that says what went wrong: pip's last error, npm's first but for its code, else the last line.
func complaint(out string) string {
	last, pip := "it says nothing", ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		rest, npm := strings.CutPrefix(strings.Replace(line, "npm ERR!", "npm error", 1), "npm error")
		switch {
		case npm && rest != "" && !strings.HasPrefix(rest, " code "): // the last one names a log that goes with the folder
			return line
		case strings.HasPrefix(line, "ERROR:"):
			pip = line
		case line != "":
			last = line
		}
	}
	return cmp.Or(pip, last)
}

func onlyFile(dir, pattern string) (string, error) {
	files, _ := filepath.Glob(filepath.Join(dir, pattern))
	if len(files) != 1 {
		return "", fmt.Errorf("download left %d files %s, want 1", len(files), pattern)
	}
	return files[0], nil
}
