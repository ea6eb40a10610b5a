// Package atomicfile writes files and folders that are either whole or not there.
package atomicfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// mark separates a file's name from the random end of its temporary name.
const mark = ".tmp-"

// Write lets write fill a temporary file in path's folder and renames it to path once it is on the disk.
// After a crash path holds the old content or the new one, never a part; a temporary file may stay behind.
func Write(path string, write func(w io.Writer) error) (err error) {
	tmp := fmt.Sprintf("%s%s%016x", path, mark, rand.Uint64())
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err, tmp))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(tmp)
			err = fmt.Errorf("write %s: %w", path, cause(err, tmp))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Folder lets write fill a temporary folder beside dir and renames it to dir, which must be missing, empty or the same already. Of a link it
// is the folder that the link leads to.
func Folder(dir string, write func(temp string) error) error {
	dir = filepath.Clean(dir) // without a slash at the end
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, filepath.Base(dir)+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	if err := write(temp); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case len(entries) > 0:
		if within(dir, temp) && within(temp, dir) {
			return nil
		}
		return fmt.Errorf("%s is there already with other files, want a new folder", dir)
	case err == nil: // os.Rename replaces no folder, not even an empty one
		if err := os.Remove(dir); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, dir); err != nil {
		return err
	}
	return SyncDir(parent)
}

// within reports whether everything below a is below b too, with the same contents.
func within(a, b string) bool {
	return nil == filepath.WalkDir(a, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(a, path)
		if err != nil {
			return err
		}
		other := filepath.Join(b, name)
		info, err := os.Lstat(other)
		if err != nil {
			return err
		}
		if info.IsDir() && d.IsDir() {
			return nil
		}
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		two, err := os.ReadFile(other)
		if err == nil && !bytes.Equal(one, two) {
			err = fmt.Errorf("%s and %s differ", path, other)
		}
		return err
	})
}

// cause removes the temporary file's name, which means nothing to a user. Errors of other files keep their names.
func cause(err error, tmp string) error {
	switch e := err.(type) {
	case *fs.PathError:
		if e.Path == tmp {
			return e.Err
		}
	case *os.LinkError:
		if e.Old == tmp {
			return e.Err
		}
	}
	return err
}

// SyncDir makes renames and removals in dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// RemoveStale removes the temporary files in dir that are older than age: those of killed processes.
func RemoveStale(dir string, age time.Duration) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, gone := e.Info()
		if gone != nil || !IsTemporary(e.Name()) || time.Since(info.ModTime()) < age {
			continue
		}
		if fault := os.Remove(filepath.Join(dir, e.Name())); !errors.Is(fault, fs.ErrNotExist) { // another process may do the same
			err = errors.Join(err, fault)
		}
	}
	return err
}

// IsTemporary reports the temporary files that a killed Write leaves behind.
func IsTemporary(name string) bool {
	i := strings.LastIndex(name, mark)
	return i > 0 && len(name)-i-len(mark) == 16
}
