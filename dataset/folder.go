package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const maxFileBytes = 256 << 20

// errEscape says that a listed picture lies outside its folder. Unlike a broken picture it is never skipped.
var errEscape = errors.New("leads out of the folder, want a copy inside it")

// walker lists a folder and all folders below it.
type walker struct {
	Listing
	root     string
	anywhere bool              // links may lead out of the folder
	tops     []string          // real folders that the walk enters and whatever is below may be read
	seen     map[string]string // names of folders by their real paths; a folder is listed once, so that links in a circle end
	texts    map[string]string // text files by name without extension
	metadata []string
	shards   []string
	tables   []string
	rows     *tables // reads them
	links    []linked
	outside  map[string]bool   // links that lead out of the folder
	unread   map[string]string // why a file is not read, unless a metadata.jsonl names it
	skipped  tally
}

// linked is a folder behind a link. Links come after the folders themselves, so that a folder has its own name.
type linked struct{ name, real string }

func newWalker(root string, t *tables) *walker {
	return &walker{
		root: root, anywhere: t.anywhere, skipped: t.skipped, rows: t,
		seen: map[string]string{}, texts: map[string]string{}, outside: map[string]bool{}, unread: map[string]string{},
	}
}

func (w *walker) list() (Listing, error) {
	real, err := realPath(w.root)
	if err != nil {
		return w.Listing, err
	}
	w.tops = []string{real}
	if err := w.enter("", real, real); err != nil {
		return w.Listing, err
	}
	for i := 0; i < len(w.links); i++ {
		l := w.links[i]
		if w.again(l.name, l.real) {
			continue
		}
		w.tops = append(w.tops, l.real)
		if err := w.enter(l.name, l.real, l.real); err != nil {
			return w.Listing, err
		}
	}
	if err := w.caption(); err != nil {
		return w.Listing, err
	}
	w.InFiles = len(w.Pictures)
	if err := w.addShards(w.shards, w.root, w.skipped); err != nil {
		return w.Listing, err
	}
	if w.rows.top, err = filepath.EvalSymlinks(w.root); err != nil {
		return w.Listing, err
	}
	err = w.addFoundTables()
	return w.Listing, err
}

// realPath is absolute and without links.
func realPath(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(name)
}

// again tells that a folder is listed already, under another name.
func (w *walker) again(name, real string) bool {
	_, again := w.seen[real]
	if again {
		w.skipped.add("links lead to a folder that is listed already", name)
	}
	return again
}

// addFoundTables lists the parquet files of the folder. One without pictures may be there for another reason.
func (w *walker) addFoundTables() error {
	var without error
	for _, name := range w.tables {
		err := w.addTables([]string{w.file(name)}, w.root, w.rows)
		switch {
		case errors.Is(err, errNoPictures):
			without = cmp.Or(without, err)
			w.skipped.add("files *.parquet have no column of pictures and are not read", name)
		case err != nil:
			return err
		}
	}
	if len(w.Pictures)+len(w.Faults) > 0 {
		return nil
	}
	return without
}

func (w *walker) file(name string) string { return filepath.Join(w.root, filepath.FromSlash(name)) }

// enter lists the folder of this name. top is the real folder that links may not lead out of.
func (w *walker) enter(name, real, top string) error {
	w.seen[real] = name
	entries, err := os.ReadDir(w.file(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := w.visit(path.Join(name, e.Name()), filepath.Join(real, e.Name()), top, e.Type()); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) visit(name, real, top string, mode fs.FileMode) error {
	ext := extOf(name)
	picture := slices.Contains(pictureExts, ext)
	if strings.HasPrefix(path.Base(name), ".") {
		if mode.IsDir() || picture || isShard(name) || isParquet(name) {
			w.unread[name] = "hidden files and folders are not read"
		}
		return nil
	}
	isLink := mode&fs.ModeSymlink != 0
	if isLink {
		info, err := os.Stat(w.file(name))
		split := name == "train" || heldoutPart.MatchString(name)
		switch {
		case err != nil && picture:
			w.fault(name, Broken, fmt.Errorf("link leads nowhere: %w", withoutPath(err)))
			return nil
		case err != nil && split:
			return fmt.Errorf("link leads nowhere: %w", err)
		case err != nil:
			w.skipped.add("links lead nowhere", name)
			return nil
		}
		mode = info.Mode().Type()
		if real, err = filepath.EvalSymlinks(real); err != nil {
			return err
		}
		if rel, err := filepath.Rel(top, real); !w.anywhere && !(split && mode.IsDir()) && (err != nil || !filepath.IsLocal(rel)) {
			if path.Base(name) == metadataName {
				return fmt.Errorf("%s: %w", w.file(name), errEscape)
			}
			w.outside[name] = true
			w.skipped.add("links lead out of the folder and are not followed", name)
			return nil
		}
	}
	switch {
	case mode.IsDir() && isLink:
		w.links = append(w.links, linked{name, real})
	case mode.IsDir():
		if picture {
			w.skipped.add("folders have the name of a picture", name)
		}
		if w.again(name, real) { // below a link
			return nil
		}
		return w.enter(name, real, top)
	case picture:
		w.picture(name)
	case isShard(name):
		w.shards = append(w.shards, w.file(name))
	case isParquet(name):
		w.tables = append(w.tables, name)
	case path.Base(name) == metadataName:
		w.metadata = append(w.metadata, name)
	case ext == "txt":
		w.texts[withoutExt(name)] = name
	case w.looksLikePicture(name, mode):
		w.skipped.add("files have no picture's name and are read as pictures by their content", name)
		w.picture(name)
	case !mode.IsRegular():
		w.unread[name] = "pipes and devices are not read"
	default:
		w.unread[name] = unread("files", ext)
	}
	return nil
}

func (w *walker) picture(name string) {
	w.Pictures = append(w.Pictures, Listed{Name: name, Part: path.Dir(name), Read: func() ([]byte, error) { return ReadFile(w.file(name)) }})
}

func (w *walker) fault(name, kind string, err error) {
	w.Faults = append(w.Faults, Fault{name, kind, err})
}

// looksLikePicture looks at the first bytes of a file.
func (w *walker) looksLikePicture(name string, mode fs.FileMode) bool {
	if !mode.IsRegular() { // a pipe would wait
		return false
	}
	f, err := os.Open(w.file(name))
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 16)
	n, _ := f.Read(head)
	i := formatOf(head[:n])
	return i >= 0 && (formats[i].name != "BMP" || hasMagic(head[:n], "BM????\x00\x00\x00\x00")) // a text may begin with BM
}

func withoutExt(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// ReadFile reads a regular file of bearable size. Its errors leave out the path.
func ReadFile(file string) ([]byte, error) {
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
	return data, withoutPath(err)
}

// withoutPath drops the operation and the path of an error: the name stands before it already.
func withoutPath(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
