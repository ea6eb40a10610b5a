package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"

	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

// compare writes how far the cells and seeds of results agree with those of another folder.
func compare(results, beside string, stdout io.Writer) error {
	there, err := report.Tables(beside)
	if err != nil {
		return fmt.Errorf("--beside %s: %w", beside, err)
	}
	here, err := report.Tables(results)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := sweep.Agree(here, there).Markdown(&text, filepath.ToSlash(results), filepath.ToSlash(beside)); err != nil {
		return err
	}
	path := filepath.Join(results, "agreement.md")
	if err := record.WriteFile(path, text.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n\n%s", path, &text)
	return nil
}
