package engine

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/addlab/addlab/internal/atomicfile"
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
	dir, homeless := cacheDir()
	library := filepath.Join(dir, a.name, a.library)
	info, absent := os.Stat(library)
	mark, unmarked := os.ReadFile(filepath.Join(dir, a.name, marker))
	if errors.Join(homeless, absent, unmarked) != nil || !info.Mode().IsRegular() {
		return "", archive{}, false
	}
	i := slices.IndexFunc(a.here(), func(p archive) bool { return string(mark) == p.mark(info.Size()) })
	if i < 0 {
		return "", archive{}, false
	}
	return library, a.here()[i], true
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
func writeFile(dst string, r io.Reader) (n int64, err error) {
	err = atomicfile.Write(dst, func(w io.Writer) error {
		n, err = io.Copy(w, r)
		return err
	})
	return n, err
}
