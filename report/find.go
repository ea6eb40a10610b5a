package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/internal/atomicfile"
)

// DataFolder holds, within results, the tables on other data than the built-in world: their FIDs do not compare.
const DataFolder = "data"

// Apart names the folders below results with tables that Find leaves out: those on other data, and those of another engine that stand in
// a folder of their own, such as results/reference/gpu.
func Apart(results string) (folders []string, err error) {
	paths, err := tablesIn(results, "*/*", DataFolder+"/*/*", "reference/*/*", "reference/"+DataFolder+"/*/*")
	for _, path := range paths {
		if folder := filepath.Dir(filepath.Dir(path)); folder != filepath.Join(results, "reference") {
			folders = append(folders, filepath.ToSlash(folder))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders), err
}

// tablesIn are the files of the tables in the folders below results that match patterns, in order.
func tablesIn(results string, patterns ...string) (paths []string, err error) {
	for _, pattern := range patterns {
		found, err := fs.Glob(os.DirFS(results), pattern+"/table.json")
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			paths = append(paths, filepath.Join(results, filepath.FromSlash(path)))
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// Find reads the tables in the folders of results and of results/reference, with the samples beside them, in the order of
// their paths.
func Find(results string) ([]Section, error) {
	return readAll(results, ReadSection, "*", "reference/*")
}

// Tables reads the tables in the folders of results itself.
func Tables(results string) ([]Table, error) { return readAll(results, ReadTable, "*") }

func readAll[T any](results string, read func(path string) (T, error), patterns ...string) (list []T, err error) {
	paths, err := tablesIn(results, patterns...)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no table.json in the folders of %s, want what `go run ./experiments/ablate` writes", results)
	}
	for _, path := range paths {
		one, err := read(path)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// ReadTable reads a table that Table.JSON wrote.
func ReadTable(path string) (t Table, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return Table{}, fmt.Errorf("report: reading table %s: %w", path, err)
	}
	if t.Metrics == nil && len(t.Rows)+len(t.References) > 0 {
		return Table{}, fmt.Errorf("report: %s: table of axis %q: metrics = none, want a table of this version: make it anew by `ablate --no-train`", path, t.Axis)
	}
	return t, nil
}

// ReadSection reads a table with its times and the pictures beside it.
func ReadSection(path string) (s Section, err error) {
	s.From = filepath.ToSlash(filepath.Dir(path))
	if s.Table, err = ReadTable(path); err != nil {
		return s, err
	}
	times := filepath.Join(filepath.Dir(path), "times.json")
	if s.Times, err = ReadTable(times); err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	return s, s.ReadPictures()
}

// ReadPictures takes plot and samples from beside the table, as far as they are there.
func (s *Section) ReadPictures() (err error) {
	s.Figure.Caption = s.Table.heading() + ": means with their intervals"
	if s.Table.any(hasPaper) {
		s.Figure.Caption += ", the paper's numbers on axes of their own"
	}
	s.Samples.Caption = "Samples: the same captions and the same noise in every row"
	s.Calls.Caption = "FID over the calls of the network that a picture takes: means over seeds"
	for name, p := range map[string]*Picture{"metrics.png": &s.Figure, "samples.png": &s.Samples, CallsFile: &s.Calls} {
		if p.PNG, err = os.ReadFile(filepath.Join(filepath.FromSlash(s.From), name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// CallsFile is the plot of quality over what a picture costs, beside the tables of some axes.
const CallsFile = "calls.png"

// WriteAll writes t into a folder in all its forms, and the times of its rows if any are known. It returns the paths.
func WriteAll(dir string, t, times Table) (paths []string, err error) {
	files := append(t.forms("table"), file{"metrics.png", t.PNG})
	if len(times.Rows)+len(times.References) > 0 {
		files = append(files, file{"times.json", times.JSON})
	}
	return writeFiles(dir, files)
}

// WriteNamed writes t into a folder in all its forms under a name of its own: it is no axis, and [Find] leaves it out.
func WriteNamed(dir, name string, t Table) (paths []string, err error) {
	return writeFiles(dir, append(t.forms(name), file{name + ".png", t.PNG}))
}

type file struct {
	name   string
	encode func(io.Writer) error
}

func (t Table) forms(name string) []file {
	return []file{{name + ".md", t.Markdown}, {name + ".csv", t.CSV}, {name + ".json", t.JSON}, {name + ".tex", t.LaTeX}, {name + ".txt", t.Plain}}
}

func writeFiles(dir string, files []file) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := atomicfile.Write(path, f.encode); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
