package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFunc stores data under path. A nil WriteFunc makes the folder and writes the file in place; programs pass one that
// writes atomically.
type WriteFunc func(path string, data []byte) error

// WriteAll writes t into dir as table.md, table.csv, table.json, table.tex, table.txt and metrics.png, times of its rows as times.json if any are
// known, and returns the paths. Everything is rendered before the first file is written.
func WriteAll(dir string, t, times Table, write WriteFunc) ([]string, error) {
	type file struct {
		name   string
		encode func(io.Writer) error
	}
	files := []file{
		{"table.md", t.Markdown}, {"table.csv", t.CSV}, {"table.json", t.JSON}, {"table.tex", t.LaTeX}, {"table.txt", t.Plain},
		{"metrics.png", t.PNG},
	}
	if len(times.Rows)+len(times.References) > 0 {
		files = append(files, file{"times.json", times.JSON})
	}
	data := make([][]byte, len(files))
	for i, f := range files {
		var b bytes.Buffer
		if err := f.encode(&b); err != nil {
			return nil, fmt.Errorf("report: rendering %s of axis %q: %w", f.name, t.Axis, err)
		}
		data[i] = b.Bytes()
	}
	var paths []string
	for i, f := range files {
		path := filepath.Join(dir, f.name)
		if err := write.store(path, data[i]); err != nil {
			return paths, fmt.Errorf("report: writing %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// WriteFile renders one thing, such as Grid.PNG or Curves.PNG, and stores it under path.
func WriteFile(path string, encode func(io.Writer) error, write WriteFunc) error {
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		return fmt.Errorf("report: rendering %s: %w", path, err)
	}
	if err := write.store(path, b.Bytes()); err != nil {
		return fmt.Errorf("report: writing %s: %w", path, err)
	}
	return nil
}

func (w WriteFunc) store(path string, data []byte) error {
	if w != nil {
		return w(path, data)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
