package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// artifact is a shared library with the pinned packages that hold it.
type artifact struct {
	name     string               // its folder in the cache
	title    string               // for progress lines
	library  string               // its file in that folder
	packages map[string][]archive // by GOOS/GOARCH, in the order to try
}

// archive is one pinned package.
type archive struct {
	download downloader // pipDownload or npmPack
	spec     string     // package with its exact version, as its client writes it
	flags    []string   // more arguments for the client
	size     int64      // bytes to download
	sha256   string     // of the archive
	member   string     // path of the library in the archive
}

// here are the packages for this system.
func (a artifact) here() []archive { return a.packages[runtime.GOOS+"/"+runtime.GOARCH] }

// cacheDir is the folder of fetched engines.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "addlab", "engines"), nil
}

// marker is the file that says, next to a library, which archive it came from and how long it is.
const marker = "verified"

func (p archive) mark(size int64) string { return fmt.Sprintf("%s %d\n", p.sha256, size) }

// cached returns the library, and its package, if the cache holds all of it and the package is still pinned.
func (a artifact) cached() (string, archive, bool) {
	dir, err := cacheDir()
	if err != nil {
		return "", archive{}, false
	}
	library := filepath.Join(dir, a.name, a.library)
	info, err := os.Stat(library)
	if err != nil || !info.Mode().IsRegular() {
		return "", archive{}, false
	}
	mark, err := os.ReadFile(filepath.Join(dir, a.name, marker))
	if err != nil {
		return "", archive{}, false
	}
	for _, p := range a.here() {
		if strings.TrimSpace(string(mark)) == strings.TrimSpace(p.mark(info.Size())) {
			return library, p, true
		}
	}
	return "", archive{}, false
}

// cache is the library as it was fetched before.
func (a artifact) cache() source {
	path, p, ok := a.cached()
	return source{name: "the cache, from " + p.client(), get: func(context.Context) (string, error) {
		if !ok {
			return "", errAbsent
		}
		return path, nil
	}}
}

// fetch are the packages that hold the library, in the order to try.
func (a artifact) fetch(s setting) (sources []source) {
	for _, p := range a.here() {
		sources = append(sources, source{name: p.client(), fetches: true, get: func(ctx context.Context) (string, error) {
			return fetch(ctx, a, p, s)
		}})
	}
	return sources
}
