package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes t so that [ReadJSON] gives it back.
func (t Table) JSON(w io.Writer) error {
	if t.Rows == nil {
		t.Rows = []Row{}
	}
	if t.References == nil {
		t.References = []Row{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// ReadJSON reads a table that JSON wrote.
func ReadJSON(r io.Reader) (Table, error) {
	var t Table
	if err := json.NewDecoder(r).Decode(&t); err != nil {
		return Table{}, fmt.Errorf("report: reading table: %w", err)
	}
	if t.Metrics == nil && len(t.Rows)+len(t.References) > 0 {
		return Table{}, fmt.Errorf("report: table of axis %q: metrics = none, want a table of this version: make it anew by `ablate --no-train`", t.Axis)
	}
	return t, nil
}
