package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
)

// column is one printed column. A cell comes in two halves, the head set flush right and the tail flush left, so that the points of the
// means and the signs ± stand under one another.
type column struct {
	name    string
	arrow   string // "↓", "↑" or nothing
	numeric bool
	paper   bool // published numbers
	cells   [][2]string
}

// paperPrefix marks the columns of published numbers.
const paperPrefix = "paper "

func (c column) heading() string { return strings.TrimSpace(c.name + " " + c.arrow) }

// padded returns the cells, the halves of numbers padded to line up. dress rewrites a half before it is measured.
func (c column) padded(dress func(string) string) []string {
	heads, tails, headWidth, tailWidth := make([]string, len(c.cells)), make([]string, len(c.cells)), 0, 0
	for i, cell := range c.cells {
		heads[i], tails[i] = dress(cell[0]), dress(cell[1])
		if heads[i] != diverged {
			headWidth = max(headWidth, fold.Width(heads[i]))
		}
		tailWidth = max(tailWidth, fold.Width(tails[i]))
	}
	if !c.numeric {
		return tails
	}
	for i := range c.cells {
		if heads[i] == diverged {
			tails[i] = fold.PadLeft(diverged, headWidth+tailWidth)
			continue
		}
		tails[i] = fold.PadLeft(heads[i], headWidth) + fold.PadRight(tails[i], tailWidth)
	}
	return tails
}

// sheet collects columns over some rows.
type sheet struct {
	rows    []Row
	columns []column
}

// add appends a column where any row has a cell other than "–".
func (s *sheet) add(c column, cell func(Row) (head, tail string)) {
	any := false
	for _, r := range s.rows {
		head, tail := cell(r)
		c.cells = append(c.cells, [2]string{head, tail})
		any = any || head+tail != missing && head+tail != ""
	}
	if any {
		s.columns = append(s.columns, c)
	}
}

// words appends a column of text.
func (s *sheet) words(name string, of func(Row) string) {
	s.add(column{name: name}, func(r Row) (string, string) { return "", fold.OneLine(of(r)) })
}

// block is a printed table. Marked rows are the default cells.
type block struct {
	columns []column
	marked  []bool
}

// block lays rows out. One row that is no cell of an axis lists its metrics below one another.
func (t Table) block(first string, rows []Row) block {
	if t.RowNoun != "" && len(rows) == 1 && len(t.References) == 0 {
		return t.turned(rows[0])
	}
	return newBlock(t.columns(first, rows), rows)
}

func newBlock(columns []column, rows []Row) block {
	b := block{columns: columns, marked: make([]bool, len(rows))}
	for i, r := range rows {
		b.marked[i] = r.Default
	}
	return b
}

func (t Table) turned(r Row) block {
	names, values, images := column{name: "metric"}, column{name: "value", numeric: true}, column{name: "images", numeric: true}
	for _, c := range t.columns("", []Row{r}) {
		if c.arrow != "" {
			names.cells, values.cells = append(names.cells, [2]string{"", c.heading()}), append(values.cells, c.cells[0])
			images.cells = append(images.cells, [2]string{formatCount(r.Images), ""})
		}
	}
	return block{columns: []column{names, values, images}, marked: make([]bool, len(names.cells))}
}

// columns are those of the printed table that say something about rows.
func (t Table) columns(first string, rows []Row) []column {
	s := sheet{rows: rows}
	s.words(first, func(r Row) string { return r.Name })
	for i, m := range slices.DeleteFunc(slices.Clone(t.Metrics), func(m Metric) bool { return !m.Main }) {
		digits := t.digitsOf(m)
		s.add(column{name: m.Name, arrow: m.arrow(), numeric: true}, func(r Row) (string, string) {
			if r.AllDiverged() && i == 0 {
				return diverged, ""
			}
			mean, tail := format(r.Values[m.Key], digits)
			if spread, ok := r.Spread[m.Key]; ok && tail == "" {
				tail = " (sd " + formatNumber(spread, digits) + ")"
			}
			return mean, tail
		})
	}
	for _, m := range t.Metrics {
		digits := t.digitsOfPaper(m)
		s.add(column{name: paperPrefix + m.Name, arrow: m.arrow(), numeric: true, paper: true}, func(r Row) (string, string) {
			if v, ok := r.Paper[m.Key]; ok {
				return formatNumber(v, digits), ""
			}
			return missing, ""
		})
	}
	s.words("as in the paper", func(r Row) string { return r.Verdict })
	s.add(column{name: "seeds", numeric: true}, func(r Row) (string, string) { return formatSeeds(r), "" })
	s.add(column{name: "images", numeric: true}, func(r Row) (string, string) { return formatCount(r.Images), "" })
	s.words("note", func(r Row) string { return r.Note })
	return s.columns
}

// differences are the columns of tests of the main metrics, after the names.
func (t Table) differences(first string, rows []Row) []column {
	s := sheet{rows: rows}
	s.words(first, func(r Row) string { return r.Name })
	for _, m := range t.Metrics {
		if !m.Main {
			continue
		}
		s.add(column{name: "Δ " + m.Name, numeric: true}, func(r Row) (string, string) {
			test, ok := r.Tests[m.Key]
			if !ok {
				return missing, ""
			}
			difference, tail := formatTest(test, m.Digits)
			return difference, tail + ", " + FormatP(test.P)
		})
	}
	return s.columns
}

// further are the columns that stand below the printed table.
func (t Table) further(first string, rows []Row, times Table) []column {
	s := sheet{rows: rows, columns: t.differences(first, rows)}
	for _, m := range t.Metrics {
		if m.Main {
			continue
		}
		digits := t.digitsOf(m)
		s.add(column{name: m.Name, arrow: m.arrow(), numeric: true}, func(r Row) (string, string) {
			mean, tail := format(r.Values[m.Key], digits)
			if r.fewer(m) {
				tail += fmt.Sprintf(" (n = %d)", r.Values[m.Key].N)
			}
			if test, ok := r.Tests[m.Key]; ok {
				tail += ", " + FormatP(test.P)
			}
			return mean, tail
		})
	}
	for _, m := range times.Metrics {
		s.add(column{name: m.Name, arrow: m.arrow(), numeric: true}, func(r Row) (string, string) {
			for _, timed := range times.all() {
				if timed.Name == r.Name {
					return format(timed.Values[m.Key], m.Digits)
				}
			}
			return missing, ""
		})
	}
	if on := machines(rows); len(on) > 1 || strings.Contains(strings.Join(on, ""), "(") {
		s.words("trained on", func(r Row) string { return r.Machines })
	}
	return s.columns
}

// fewer reports whether a metric is known of fewer seeds than gave numbers, as in measurements of an older program.
func (r Row) fewer(m Metric) bool {
	e := r.Values[m.Key]
	return e.Known() && e.N < len(r.BySeed)
}

// machines are those of the rows, each text once.
func machines(rows []Row) (list []string) {
	for _, r := range rows {
		if r.Machines != "" && !slices.Contains(list, r.Machines) {
			list = append(list, r.Machines)
		}
	}
	return list
}
