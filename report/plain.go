package report

import (
	"io"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
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
	p := newPlainSheet(t.block(t.rowNoun(), t.all()))

	title := fold.OneLine(t.heading())
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
	for i := range p.Rows {
		if i == len(t.Rows) && len(t.References) > 0 {
			p.line("  ", rules)
		}
		p.row(i)
	}

	p.WriteString("\n")
	if tests := t.differences(t.rowNoun(), t.Rows); len(tests.Columns) > 1 {
		d := newPlainSheet(tests)
		d.head()
		for i := range d.Rows {
			d.row(i)
		}
		d.WriteString("\n")
		d.text(t.testLegend())
		p.WriteString(d.String() + "\n")
	}
	for _, note := range t.remarks() {
		p.text("- " + note)
	}
	legend := strings.Join(t.legend(), " ")
	if slices.ContainsFunc(t.Rows, isDefault) {
		legend = "* the default cell. " + legend
	}
	p.text(legend)
	p.text(t.provenance())
	_, err := io.WriteString(w, p.String())
	return err
}

type plainSheet struct {
	strings.Builder
	block
	widths []int
	cells  [][][]string // [row][column][line]
}

// newPlainSheet folds names and notes, and makes each column as wide as its widest line.
func newPlainSheet(b block) *plainSheet {
	p := &plainSheet{block: b, widths: make([]int, len(b.Columns)), cells: make([][][]string, len(b.Rows))}
	for i := range b.Rows {
		p.cells[i] = make([][]string, len(b.Columns))
	}
	for j, c := range b.Columns {
		limit := plainNoteWidth
		if j == 0 {
			limit = plainNameWidth
		}
		p.widths[j] = fold.Width(c.Heading())
		for i, cell := range c.padded(func(s string) string { return s }) {
			p.cells[i][j] = []string{cell}
			if !c.Numeric {
				p.cells[i][j] = fold.Wrap(cell, func(s string) bool { return fold.Width(s) <= limit })
			}
			for _, line := range p.cells[i][j] {
				p.widths[j] = max(p.widths[j], fold.Width(line))
			}
		}
	}
	return p
}

func (p *plainSheet) head() []string {
	headings, rules := make([]string, len(p.Columns)), make([]string, len(p.Columns))
	for j, c := range p.Columns {
		headings[j], rules[j] = c.Heading(), strings.Repeat("-", p.widths[j])
	}
	p.line("  ", headings)
	p.line("  ", rules)
	return rules
}

func (p *plainSheet) row(i int) {
	mark := "  "
	if p.Rows[i].Default {
		mark = "* "
	}
	if len(p.Columns) == 0 {
		return
	}
	for k := range slices.MaxFunc(p.cells[i], func(a, b []string) int { return len(a) - len(b) }) {
		cells := make([]string, len(p.Columns))
		for j := range p.Columns {
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
		line += p.Columns[j].pad(cell, p.widths[j])
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (p *plainSheet) text(s string) {
	for _, line := range fold.Wrap(s, func(s string) bool { return fold.Width(s) <= plainTextWidth }) {
		p.WriteString(line + "\n")
	}
}
