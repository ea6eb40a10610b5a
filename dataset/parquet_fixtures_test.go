package dataset

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

const fixtures = "testdata/parquet"

// wrote is what make.py says of a file.
type wrote struct {
	Rows []struct {
		Pixels   *string // of Pillow, in hexadecimal; null where the file holds no picture
		JPEG     bool
		Captions any // a string, a list of strings with nulls, or null
	}
	Image, Text, Nested string
}

func readWrote(t *testing.T) (files map[string]wrote) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, "rows.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	return files
}

// usable are the captions that a row of make.py has for training.
func usable(captions any) (all []string) {
	switch c := captions.(type) {
	case string:
		if c != "" {
			all = []string{c}
		}
	case []any:
		for _, c := range c {
			if s, ok := c.(string); ok && strings.TrimSpace(s) != "" {
				all = append(all, s)
			}
		}
	}
	return all
}

func writeTable(t testing.TB, file string, images []string) {
	t.Helper()
	var rows []tableRow
	for i, data := range images {
		rows = append(rows, tableRow{Image: []byte(data), Text: fmt.Sprintf("row %d", i)})
	}
	writeRows(t, file, rows)
}

func writeRows[T any](t testing.TB, file string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(file, rows); err != nil {
		t.Fatal(err)
	}
}
