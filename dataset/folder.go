package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	metadataName  = "metadata.jsonl"
	metadataLines = `lines {"file_name": …, "text": …}`
	maxFileBytes  = 256 << 20
)

// errEscape says that a listed picture lies outside its folder. Unlike a broken picture it is never skipped.
var errEscape = errors.New("leads out of the folder, want a copy inside it")

// listFolder lists an image folder as HuggingFace datasets lays it out: pictures beside a metadata.jsonl that captions them.
// A folder without one gives an error that is fs.ErrNotExist. within is prepended to the names.
func listFolder(dir, within string) (listing, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return listing{}, fmt.Errorf("dataset: %w", err)
	}
	file := filepath.Join(dir, metadataName)
	data, err := readInside(root, metadataName)
	if err != nil {
		return listing{}, fmt.Errorf("dataset: %s: %w", file, err)
	}
	rows, err := parseMetadata(bytes.NewReader(data), file)
	if err != nil {
		return listing{}, err
	}

	var l listing
	for _, row := range rows {
		name := path.Join(within, row.name)
		if row.caption == "" {
			l.faults = append(l.faults, fault{name, "without caption", errors.New("text is empty")})
			continue
		}
		part := within
		if first, _, nested := strings.Cut(row.name, "/"); part == "" && nested {
			part = first
		}
		l.entries = append(l.entries, entry{name, part, row.caption, func() ([]byte, error) {
			return readInside(root, row.name)
		}})
	}
	return l, nil
}

type metadataRow struct{ name, caption string }

// parseMetadata reads the lines of metadata.jsonl; file is its name in errors.
// A picture may stand in several lines with different captions.
func parseMetadata(r io.Reader, file string) ([]metadataRow, error) {
	var rows []metadataRow
	err := ScanMetadata(r, func(name, text string) error {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("file_name = %q %w", name, errEscape)
		}
		rows = append(rows, metadataRow{path.Clean(name), strings.TrimSpace(text)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("dataset: %s:%w", file, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("dataset: %s: empty, want %s", file, metadataLines)
	}
	return rows, nil
}

// readInside reads a regular file under root. os.Root refuses links that lead out of it; they come back as errEscape.
func readInside(root *os.Root, name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	switch {
	case err != nil && leadsOut(root.Name(), name):
		return nil, errEscape
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("file = %d bytes, want ≤ %d", info.Size(), maxFileBytes)
	}
	return root.ReadFile(name)
}

func leadsOut(dir, name string) bool {
	inside, err1 := filepath.EvalSymlinks(dir)
	target, err2 := filepath.EvalSymlinks(filepath.Join(dir, name))
	rel, err3 := filepath.Rel(inside, target)
	return errors.Join(err1, err2, err3) == nil && !filepath.IsLocal(rel)
}
