package engine

import (
	"context"
	"errors"
	"path/filepath"
)

var _ downloader = npmPack

// npmPack downloads a package's tarball without installing it or running its scripts.
func npmPack(ctx context.Context, p archive, dir string) (string, error) {
	if !onPath("npm") {
		return "", errors.New("no npm on PATH")
	}
	argv := append([]string{"npm", "pack", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=1",
		"--cache", filepath.Join(dir, "npm"), "--pack-destination", dir}, p.flags...)
	if err := runClient(ctx, nil, append(argv, p.spec)...); err != nil {
		return "", err
	}
	return onlyFile(dir, "*.tgz")
}
