package pictures

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const maxFileBytes = 256 << 20

// extensions that are read, and those of pictures that other tools would read and that are counted.
var (
	readExts  = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp"}
	otherExts = []string{".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".avif", ".heic", ".heif", ".jxl", ".jp2", ".npy", ".svg", ".tga"}
)

// folder is a walk through a folder and all below it. Links are followed; one that leads into a folder that was seen already is left out,
// so that links in a circle end.
type folder struct {
	root   string
	set    Set
	seen   map[string]bool // real paths of folders
	others map[string]int  // pictures of formats that are not read
	names  map[string]bool // of all files, for captions beside pictures
	shards bool
}

func listFolder(root string) (set Set, shards bool, err error) {
	w := folder{root: root, set: Set{Name: root, Kind: "folder"}, seen: map[string]bool{}, others: map[string]int{}, names: map[string]bool{}}
	entries, err := os.ReadDir(root)
	if err != nil {
		return w.set, false, fmt.Errorf("pictures: %w", err)
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		w.seen[real] = true
	}
	w.walk("", entries)
	slices.SortFunc(w.set.Items, func(a, b Item) int { return cmp.Compare(a.Name, b.Name) })
	for _, ext := range slices.Sorted(maps.Keys(w.others)) {
		w.set.Notes = append(w.set.Notes, fmt.Sprintf("%s: %d files *%s are not read, want PNG, JPEG, WebP, GIF or BMP", root, w.others[ext], ext))
	}
	return w.set, w.shards, w.captions()
}

func (w *folder) fault(name string, err error) {
	w.set.Faults = append(w.set.Faults, fmt.Errorf("%s: %w", name, withoutPath(err)))
}

// withoutPath drops the operation and the path of an error that says them itself: the name stands before it already.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (w *folder) walk(dir string, entries []fs.DirEntry) {
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := path.Join(dir, e.Name())
		file := filepath.Join(w.root, filepath.FromSlash(name))
		ext := strings.ToLower(filepath.Ext(name))
		isDir, isLink := e.IsDir(), e.Type()&fs.ModeSymlink != 0
		if isLink {
			info, err := os.Stat(file)
			if err != nil {
				w.fault(name, fmt.Errorf("link leads nowhere: %w", withoutPath(err)))
				continue
			}
			isDir = info.IsDir()
		}
		switch {
		case isDir:
			w.enter(name, file, isLink)
		case slices.Contains(readExts, ext):
			w.names[name] = true
			w.set.Items = append(w.set.Items, Item{Name: name, Read: reading(func() ([]byte, error) { return readFile(file) })})
		case slices.Contains(otherExts, ext):
			w.others[ext]++
		case ext == ".tar":
			w.shards = true
		default:
			w.names[name] = true
		}
	}
}

func (w *folder) enter(name, file string, isLink bool) {
	real, err := filepath.EvalSymlinks(file)
	if err == nil && w.seen[real] {
		if isLink {
			w.set.Notes = append(w.set.Notes, fmt.Sprintf("%s: link to a folder that is listed already, left out", name))
		}
		return
	}
	var entries []fs.DirEntry
	if err == nil {
		w.seen[real] = true
		entries, err = os.ReadDir(file)
	}
	if err != nil {
		w.fault(name, err)
		return
	}
	w.walk(name, entries)
}

// readFile reads a regular file of bearable size.
func readFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("file = %d bytes, want ≤ %d", info.Size(), maxFileBytes)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	return data, nil
}
