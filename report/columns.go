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
	Numeric bool
	paper   bool // published numbers
	Cells   [][2]string
}

const paperPrefix = "paper "

// Heading is the name with its arrow.
func (c column) Heading() string { return strings.TrimSpace(c.name + " " + c.arrow) }

// padded returns the cells, the halves of numbers padded to line up. dress rewrites a half before it is measured.
func (c column) padded(dress func(string) string) []string {
	headWidth, tailWidth := 0, 0
	for _, cell := range c.Cells {
		if cell[0] != diverged {
			headWidth = max(headWidth, fold.Width(dress(cell[0])))
		}
		tailWidth = max(tailWidth, fold.Width(dress(cell[1])))
	}
	cells := make([]string, len(c.Cells))
	for i, cell := range c.Cells {
		switch head, tail := dress(cell[0]), dress(cell[1]); {
		case !c.Numeric:
			cells[i] = tail
		case head == diverged:
			cells[i] = fold.PadLeft(diverged, headWidth+tailWidth)
		default:
			cells[i] = fold.PadLeft(head, headWidth) + fold.PadRight(tail, tailWidth)
		}
	}
	return cells
}

type block struct {
	Rows    []Row
	Columns []column
}

// aligned sets lines of cells below the headings and a rule, every cell padded to the width of its column.
func (b block) aligned(lines [][]string) [][]string {
	headings, rule := make([]string, len(b.Columns)), make([]string, len(b.Columns))
	lines = append([][]string{headings}, lines...)
	for j, c := range b.Columns {
		headings[j] = c.Heading()
		width := 3
		for _, line := range lines {
			width = max(width, fold.Width(line[j]))
		}
		for _, line := range lines {
			if c.Numeric {
				line[j] = fold.PadLeft(line[j], width)
			} else {
				line[j] = fold.PadRight(line[j], width)
			}
		}
		rule[j] = strings.Repeat("-", width)
	}
	return slices.Insert(lines, 1, rule)
}

// add appends a column where any row has a cell other than "–".
func (b *block) add(c column, cell func(Row) (head, tail string)) {
	any := false
	for _, r := range b.Rows {
		head, tail := cell(r)
		c.Cells = append(c.Cells, [2]string{head, tail})
		any = any || head+tail != missing && head+tail != ""
	}
	if any {
		b.Columns = append(b.Columns, c)
	}
}

func (b *block) words(name string, of func(Row) string) {
	b.add(column{name: name}, func(r Row) (string, string) { return "", fold.OneLine(of(r)) })
}

func (t Table) block(first string, rows []Row) block {
	if t.RowNoun != "" && len(rows) == 1 && len(t.References) == 0 {
		return t.turned(rows[0])
	}
	return t.columns(first, rows)
}

// blocks are the cells and, if there are any, the references.
func (t Table) blocks() []block {
	list := []block{t.block(t.rowNoun(), t.Rows)}
	if len(t.References) > 0 {
		list = append(list, t.block("reference", t.References))
	}
	return list
}

func (t Table) turned(r Row) block {
	names, values, images := column{name: "metric"}, column{name: "value", Numeric: true}, column{name: "images", Numeric: true}
	for _, c := range t.columns("", []Row{r}).Columns {
		if c.arrow != "" {
			names.Cells, values.Cells = append(names.Cells, [2]string{"", c.Heading()}), append(values.Cells, c.Cells[0])
			images.Cells = append(images.Cells, [2]string{formatCount(r.Images), ""})
		}
	}
	return block{make([]Row, len(names.Cells)), []column{names, values, images}}
}

// columns are those of the printed table that say something about rows.
func (t Table) columns(first string, rows []Row) block {
	s := block{Rows: rows}
	s.words(first, func(r Row) string { return r.Name })
	for i, m := range slices.DeleteFunc(slices.Clone(t.Metrics), func(m Metric) bool { return !m.Main }) {
		digits := t.digitsOf(m)
		s.add(column{name: m.Name, arrow: m.arrow(), Numeric: true}, func(r Row) (string, string) {
			if r.AllDiverged() && i == 0 {
				return diverged, ""
			}
			mean, tail := format(r.Values[m.Key], digits)
			if spread, ok := r.Spread[m.Key]; ok && tail == "" {
				tail = " (sd " + formatNumber(spread, digits) + ")"
			}
			return mean, tail + r.outOf(m)
		})
	}
	for _, m := range t.Metrics {
		digits := t.digitsOfPaper(m)
		s.add(column{name: paperPrefix + m.Name, arrow: m.arrow(), Numeric: true, paper: true}, func(r Row) (string, string) {
			if v, ok := r.Paper[m.Key]; ok {
				return formatNumber(v, digits), ""
			}
			return missing, ""
		})
	}
	s.words("as in the paper", func(r Row) string { return r.Verdict })
	s.add(column{name: "seeds", Numeric: true}, func(r Row) (string, string) { return formatSeeds(r), "" })
	s.add(column{name: "images", Numeric: true}, func(r Row) (string, string) { return formatCount(r.Images), "" })
	s.words("note", func(r Row) string { return r.Note })
	return s
}

func (t Table) differences(first string, rows []Row) block {
	s := block{Rows: rows}
	s.words(first, func(r Row) string { return r.Name })
	for _, m := range t.Metrics {
		if !m.Main {
			continue
		}
		s.add(column{name: "Δ " + m.Name, Numeric: true}, func(r Row) (string, string) {
			test, ok := r.Tests[m.Key]
			if !ok {
				return missing, ""
			}
			difference, tail := formatTest(test, m.Digits)
			return difference, tail + ", " + FormatP(test.P)
		})
	}
	return s
}

// further are tests, metrics that are not in the printed table, and times; no columns where nothing of them is known.
func (t Table) further(first string, times Table) block {
	rows := t.all()
	s := t.differences(first, rows)
	for _, m := range t.Metrics {
		if m.Main {
			continue
		}
		digits := t.digitsOf(m)
		s.add(column{name: m.Name, arrow: m.arrow(), Numeric: true}, func(r Row) (string, string) {
			mean, tail := format(r.Values[m.Key], digits)
			tail += r.outOf(m)
			if test, ok := r.Tests[m.Key]; ok {
				tail += ", " + FormatP(test.P)
			}
			return mean, tail
		})
	}
	for _, m := range times.Metrics {
		s.add(column{name: m.Name, arrow: m.arrow(), Numeric: true}, func(r Row) (string, string) {
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
	if len(s.Columns) < 2 {
		return block{}
	}
	return s
}

// fewer reports whether a metric is known of fewer seeds than gave numbers, as in measurements of an older program.
func (r Row) fewer(m Metric) bool {
	e := r.Values[m.Key]
	return e.Known() && e.N < len(r.BySeed)
}

// outOf says of how many seeds a metric is known, where that is fewer than the row has.
func (r Row) outOf(m Metric) string {
	if !r.fewer(m) {
		return ""
	}
	return fmt.Sprintf(" (n = %d)", r.Values[m.Key].N)
}

func machines(rows []Row) (list []string) {
	for _, r := range rows {
		if r.Machines != "" && !slices.Contains(list, r.Machines) {
			list = append(list, r.Machines)
		}
	}
	return list
}
