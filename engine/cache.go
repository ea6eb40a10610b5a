package engine

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"fmt"
	"io"
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

type archive struct {
	client string   // pip or npm
	spec   string   // package with its exact version, as its client writes it
	flags  []string // more arguments for the client
	size   int64    // bytes to download
	sha256 string   // of the archive
	member string   // path of the library in the archive
}

// here are the packages for this system.
func (a artifact) here() []archive { return a.packages[runtime.GOOS+"/"+runtime.GOARCH] }

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

func (a artifact) cache() source {
	path, p, ok := a.cached()
	return source{name: "the cache, from " + p.client, get: func(context.Context) (string, error) {
		if !ok {
			return "", errAbsent
		}
		return path, nil
	}}
}

// fetch are the packages that hold the library, in the order to try.
func (a artifact) fetch(s setting) (sources []source) {
	for _, p := range a.here() {
		sources = append(sources, source{name: p.client, fetches: true, get: func(ctx context.Context) (string, error) {
			return fetch(ctx, a, p, s)
		}})
	}
	return sources
}

// unpack writes one member of a wheel (zip) or tarball to the file dst and returns its length.
func unpack(archive, member, dst string) (int64, error) {
	if filepath.Ext(archive) == ".whl" {
		return unzip(archive, member, dst)
	}
	return untar(archive, member, dst)
}

func unzip(archive, member, dst string) (int64, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return writeFile(dst, f)
}

func untar(archive, member, dst string) (int64, error) {
	f, err := os.Open(archive)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return 0, err
	}
	for t := tar.NewReader(gz); ; {
		header, err := t.Next()
		if err == io.EOF {
			return 0, fmt.Errorf("%s: no member %s", filepath.Base(archive), member)
		}
		if err != nil {
			return 0, err
		}
		if header.Name == member && header.Typeflag == tar.TypeReg {
			return writeFile(dst, t)
		}
	}
}

// writeFile syncs a file to the disk: its marker, written next, must not survive a power cut without it.
func writeFile(dst string, r io.Reader) (int64, error) {
	f, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return n, err
}
