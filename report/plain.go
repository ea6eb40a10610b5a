package report

import (
	"io"
	"slices"
	"strings"
)

// Widths of plain text in terminal columns.
const (
	plainNameWidth = 36 // longer names go on in the next line
	plainNoteWidth = 44
	plainTextWidth = 100
)

// Plain writes t for a terminal: no frames, columns aligned by display width, a * before the default cell. Long names and
// notes go on in the next line; nothing is cut.
func (t Table) Plain(w io.Writer) error {
	rows := t.all()
	p := newPlainSheet(t.columns("cell", rows), rows)

	title := oneLine(t.heading())
	if s := t.subtitle(); s != "" {
		title += " (" + s + ")"
	}
	p.text(title)
	p.text(t.Question)
	p.WriteString("\n")

	rules := p.head()
	if len(t.Rows) == 0 {
		p.WriteString("  no cell has been measured yet\n")
	}
	for i, r := range rows {
		if i == len(t.Rows) {
			p.line("  ", rules)
		}
		p.row(i, r.Default)
	}

	p.WriteString("\n")
	if cols := significance("cell", t.Rows); len(cols) > 1 {
		p.WriteString(differences(cols, t.Rows))
	}
	for _, note := range t.Notes {
		p.text("- " + note)
	}
	legend := strings.Join(t.legend(), " ")
	if slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Default }) {
		legend = "* the default cell. " + legend
	}
	p.text(legend)
	p.text(t.provenance())
	_, err := io.WriteString(w, p.String())
	return err
}

// differences are the columns of significance with their legend.
func differences(cols []column, rows []Row) string {
	p := newPlainSheet(cols, rows)
	p.head()
	for i, r := range rows {
		p.row(i, r.Default)
	}
	p.WriteString("\n")
	p.text(significanceLegend)
	p.WriteString("\n")
	return p.String()
}

// plainSheet is a text of aligned columns.
type plainSheet struct {
	strings.Builder
	cols   []column
	widths []int
	cells  [][][]string // [row][column][line]
}

// newPlainSheet folds names and notes, and makes each column as wide as its widest line.
func newPlainSheet(cols []column, rows []Row) *plainSheet {
	p := &plainSheet{cols: cols, widths: make([]int, len(cols)), cells: make([][][]string, len(rows))}
	for i := range rows {
		p.cells[i] = make([][]string, len(cols))
	}
	for j, c := range cols {
		limit := plainNoteWidth
		if j == 0 {
			limit = plainNameWidth
		}
		p.widths[j] = displayWidth(c.heading())
		for i, cell := range c.set(rows, func(s string) string { return s }) {
			p.cells[i][j] = []string{cell}
			if !c.numeric {
				p.cells[i][j] = wrap(cell, func(s string) bool { return displayWidth(s) <= limit })
			}
			for _, line := range p.cells[i][j] {
				p.widths[j] = max(p.widths[j], displayWidth(line))
			}
		}
	}
	return p
}

// head writes headings over rules, and returns the rules.
func (p *plainSheet) head() []string {
	headings, rules := make([]string, len(p.cols)), make([]string, len(p.cols))
	for j, c := range p.cols {
		headings[j], rules[j] = c.heading(), strings.Repeat("-", p.widths[j])
	}
	p.line("  ", headings)
	p.line("  ", rules)
	return rules
}

// row writes all lines of a row.
func (p *plainSheet) row(i int, byDefault bool) {
	mark := "  "
	if byDefault {
		mark = "* "
	}
	for k := range slices.MaxFunc(p.cells[i], func(a, b []string) int { return len(a) - len(b) }) {
		cells := make([]string, len(p.cols))
		for j := range p.cols {
			if k < len(p.cells[i][j]) {
				cells[j] = p.cells[i][j][k]
			}
		}
		p.line(mark, cells)
		mark = "  "
	}
}

func (p *plainSheet) line(mark string, cells []string) {
	line := mark
	for j, cell := range cells {
		if j > 0 {
			line += "  "
		}
		if p.cols[j].numeric {
			line += padLeft(cell, p.widths[j])
		} else {
			line += padRight(cell, p.widths[j])
		}
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

// text writes what is no column, folded.
func (p *plainSheet) text(s string) {
	for _, line := range wrap(s, func(s string) bool { return displayWidth(s) <= plainTextWidth }) {
		p.WriteString(line + "\n")
	}
}
