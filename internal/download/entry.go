// Package download has what all downloads share: entries of the user's cache that are whole or not there, whether hosts can be reached,
// requests that end where a host is silent, and the switch that forbids them.
package download

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrAltered means that a package came, but not with the pinned checksum.
var ErrAltered = errors.New("another file than the pinned one")

// OffEnv is the variable that forbids downloads of engines, weights and pictures.
const OffEnv = "GOMLX_NO_AUTO_INSTALL"

// Off reports whether downloads are forbidden.
func Off() bool { return os.Getenv(OffEnv) != "" }

// Dir is a folder of this project's part of the user's cache.
func Dir(folder string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "addlab", folder), nil
}

// Entry is a folder of the cache that appears whole or not at all.
type Entry struct {
	Folder string // of the cache, below addlab
	Name   string // its own folder there, which names the version
	Pin    string // checksum of what it is made of, in one word
}

// marker is the file that says, next to the others, what an entry is made of and how many bytes it has.
const marker = "verified"

// Find returns the folder of the entry if all of it is there and made of what is pinned.
func (e Entry) Find() (dir string, ok bool) {
	root, err := Dir(e.Folder)
	if err != nil {
		return "", false
	}
	dir = filepath.Join(root, e.Name)
	mark, err := os.ReadFile(filepath.Join(dir, marker))
	if err != nil {
		return "", false
	}
	want, err := e.mark(dir)
	return dir, err == nil && string(mark) == want
}

// Drop lets go of an entry whose files are damaged: Make makes it anew.
func (e Entry) Drop() error {
	root, err := Dir(e.Folder)
	if err != nil {
		return err
	}
	return os.Remove(filepath.Join(root, e.Name, marker))
}

// mark is what the marker of an entry in dir must say.
func (e Entry) mark(dir string) (string, error) {
	var size int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == marker {
			return err
		}
		info, err := d.Info()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is no plain file", path)
		}
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return fmt.Sprintf("%s %d\n", e.Pin, size), err
}

// Make finds the entry or lets fill write its files into the folder dir; work is a folder for what is needed on the way. Processes that
// want the same entry wait for each other, after a call of wait.
func (e Entry) Make(ctx context.Context, wait func(), fill func(work, dir string) error) (dir string, err error) {
	root, err := Dir(e.Folder)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("cannot write the cache (XDG_CACHE_HOME chooses another): %w", err)
	}
	unlock, err := Lock(ctx, filepath.Join(root, e.Name+".lock"), wait)
	if err != nil {
		return "", fmt.Errorf("cannot lock the cache (XDG_CACHE_HOME chooses another): %w", err)
	}
	defer unlock()
	if dir, ok := e.Find(); ok {
		return dir, nil
	}

	// Killed downloads leave their folders; the holder of the lock removes them.
	leftovers, _ := filepath.Glob(filepath.Join(root, "."+e.Name+"-*"))
	for _, folder := range leftovers {
		_ = os.RemoveAll(folder)
	}
	work, err := os.MkdirTemp(root, "."+e.Name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	made := filepath.Join(work, "entry")
	if err := os.Mkdir(made, 0o755); err != nil {
		return "", err
	}
	if err := fill(work, made); err != nil {
		return "", err
	}
	mark, err := e.mark(made)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(made, marker), []byte(mark), 0o644); err != nil {
		return "", err
	}
	dir = filepath.Join(root, e.Name)
	if err := os.RemoveAll(dir); err != nil { // an entry that is not complete or no longer pinned
		return "", err
	}
	return dir, os.Rename(made, dir)
}

// Lock takes the file lock at path and returns the function that gives it back; the system does so if the process dies.
// It calls wait once if another holder is in the way.
func Lock(ctx context.Context, path string, wait func()) (unlock func(), err error) {
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
