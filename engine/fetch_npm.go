package engine

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"
)

var _ downloader = npmPack

// npmPack downloads a package's tarball without installing it or running its scripts.
func npmPack(ctx context.Context, n *network, p archive, dir string) (string, error) {
	if !onPath("npm") {
		return "", errors.New("no npm on PATH")
	}
	if err := n.reach(ctx, npmAddress(ctx)); err != nil {
		return "", err
	}
	argv := append([]string{"npm", "pack", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=1",
		"--cache", filepath.Join(dir, "npm"), "--pack-destination", dir}, p.flags...)
	if err := runClient(ctx, nil, append(argv, p.spec)...); err != nil {
		return "", err
	}
	return onlyFile(dir, "*.tgz")
}

// npmAddress is what npm connects to by its configuration: a proxy, or the registry.
func npmAddress(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ask := func(key string) string {
		out, _ := quickCommand(ctx, "npm", "config", "get", key).Output() // an npm that cannot say has its default
		value := strings.TrimSpace(string(out))
		if !strings.HasPrefix(value, "http") { // "null" and "undefined" are none
			return ""
		}
		return value
	}
	return cmp.Or(ask("https-proxy"), ask("registry"), "https://registry.npmjs.org/")
}
