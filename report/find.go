package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// DataFolder holds, within results, the tables on other data than the built-in world: their FIDs do not compare.
const DataFolder = "data"

// Apart names the folders below results with tables that Find leaves out: those on other data, and those of another engine that stand in
// a folder of their own, such as results/reference/gpu.
func Apart(results string) (folders []string, err error) {
	axes, err := axesIn(results)
	if err != nil {
		return nil, err
	}
	for _, pattern := range []string{"*", filepath.Join(DataFolder, "*"), filepath.Join("reference", "*"), filepath.Join("reference", DataFolder, "*")} {
		found, err := filepath.Glob(filepath.Join(results, pattern, "*", "table.json"))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			if !slices.Contains(axes, path) {
				folders = append(folders, filepath.ToSlash(filepath.Dir(filepath.Dir(path))))
			}
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}

// axesIn are the tables of results and of results/reference.
func axesIn(results string) (tables []string, err error) {
	for _, pattern := range []string{"*", filepath.Join("reference", "*")} {
		found, err := filepath.Glob(filepath.Join(results, pattern, "table.json"))
		if err != nil {
			return nil, err
		}
		tables = append(tables, found...)
	}
	slices.Sort(tables)
	return tables, nil
}

// Find reads the tables in the folders of results and of results/reference, with the samples beside them, in the order of
// their paths.
func Find(results string) ([]Section, error) {
	tables, err := axesIn(results)
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return nil, noTables(results)
	}
	var sections []Section
	for _, path := range tables {
		s, err := ReadSection(path)
		if err != nil {
			return nil, err
		}
		sections = append(sections, s)
	}
	return sections, nil
}

func noTables(results string) error {
	return fmt.Errorf("no table.json in the folders of %s, want what `go run ./experiments/ablate` writes", results)
}

// Tables reads the tables in the folders of results itself.
func Tables(results string) (list []Table, err error) {
	found, err := filepath.Glob(filepath.Join(results, "*", "table.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range found {
		t, err := readTable(path)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, noTables(results)
	}
	return list, nil
}

func readTable(path string) (t Table, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if t, err = ReadJSON(bytes.NewReader(text)); err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// ReadSection reads a table with its times and the pictures beside it.
func ReadSection(path string) (s Section, err error) {
	s.From = filepath.ToSlash(filepath.Dir(path))
	if s.Table, err = readTable(path); err != nil {
		return s, err
	}
	times := filepath.Join(filepath.Dir(path), "times.json")
	if s.Times, err = readTable(times); err != nil && !errors.Is(err, os.ErrNotExist) {
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
	for name, p := range map[string]*Picture{"metrics.png": &s.Figure, "samples.png": &s.Samples} {
		if p.PNG, err = os.ReadFile(filepath.Join(filepath.FromSlash(s.From), name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
