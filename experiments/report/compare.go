package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// compare writes how far the cells and seeds of results agree with those of another folder.
func compare(results, beside string, stdout io.Writer) error {
	there, err := report.Find(beside)
	if err != nil {
		return fmt.Errorf("--beside %s: %w", beside, err)
	}
	here, err := report.Find(results)
	if err != nil {
		return err
	}
	here = slices.DeleteFunc(here, func(h report.Section) bool { // results holds its reference
		return slices.ContainsFunc(there, func(t report.Section) bool { return filepath.Clean(t.From) == filepath.Clean(h.From) })
	})
	var text bytes.Buffer
	if err := ablations.Agree(tables(here), tables(there)).Markdown(&text, filepath.ToSlash(results), filepath.ToSlash(beside)); err != nil {
		return err
	}
	path := filepath.Join(results, "agreement.md")
	if err := record.WriteFile(path, text.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n\n%s", path, &text)
	return nil
}

func tables(sections []report.Section) (list []report.Table) {
	for _, s := range sections {
		list = append(list, s.Table)
	}
	return list
}
