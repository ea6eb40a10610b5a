package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

// setApart warns of tables that compare with none of the others, and gives those that do: they share the pictures and the list of claims.
// The committed tables share them only where there are none of one's own, since both have cells of the same names.
func setApart(results string, sections []report.Section) (tables []report.Table) {
	committed := func(s report.Section) bool {
		return filepath.Dir(filepath.FromSlash(s.From)) == filepath.Join(results, "reference")
	}
	scale, own := -1, false
	for _, s := range sections {
		if incomparable(s.Table) == "" {
			own = own || !committed(s)
		}
	}
	for i := range sections {
		s := &sections[i]
		if s.Warning = incomparable(s.Table); s.Warning == "" && own && committed(*s) {
			s.Warning = "Committed results: they stand in none of the pictures above, which are of your own; their own page is that of " + filepath.ToSlash(filepath.Join(results, "reference")) + "."
		}
		if s.Warning == "" {
			scale = max(scale, slices.Index(distill.Scales, s.Table.Scale))
		}
	}
	for i := range sections {
		s := &sections[i]
		if s.Warning != "" {
			continue
		}
		if at := slices.Index(distill.Scales, s.Table.Scale); at < scale {
			s.Warning = fmt.Sprintf("Of scale %s: it does not compare with tables of scale %s, and stands in none of the pictures above.", s.Table.Scale, distill.Scales[scale])
			continue
		}
		tables = append(tables, s.Table)
	}
	return tables
}

// incomparable says why a table compares with none that this program makes of a preset, "" where it does.
func incomparable(t report.Table) string {
	switch {
	case t.Recipe != "" && t.Recipe != sweep.Recipe:
		return fmt.Sprintf("Made by another recipe (%s) than this program's (%s): it does not compare with tables of that, and stands in none of the pictures above.", t.Recipe, sweep.Recipe)
	case t.Changed != "":
		return fmt.Sprintf("Not the preset of the scale (%s): it stands in none of the pictures above.", t.Changed)
	}
	return ""
}

// comparable are the tables in a folder's folders whose verdicts may be told beside others of their scale.
func comparable(folder string) (list []report.Table, err error) {
	all, err := report.Tables(folder)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t report.Table) bool { return incomparable(t) != "" }), nil
}
