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
	var b strings.Builder
	text := func(s string) {
		for _, line := range fold.Wrap(s, narrowerThan(plainTextWidth)) {
			b.WriteString(line + "\n")
		}
	}
	title := fold.OneLine(t.heading())
	if s := t.subtitle(); s != "" {
		title += " (" + s + ")"
	}
	text(title)
	text(t.Question)
	b.WriteString("\n")

	rows := t.block(t.rowNoun(), t.all())
	rows.plain(&b, len(rows.Rows)-len(t.References))
	b.WriteString("\n")
	if tests := t.differences(t.rowNoun(), t.Rows); len(tests.Columns) > 1 {
		tests.plain(&b, len(t.Rows))
		b.WriteString("\n")
		text(t.testLegend())
		b.WriteString("\n")
	}
	for _, note := range t.remarks() {
		text("- " + note)
	}
	legend := strings.Join(t.legend(), " ")
	if slices.ContainsFunc(t.Rows, isDefault) {
		legend = "* the default cell. " + legend
	}
	text(legend)
	text(t.provenance())
	_, err := io.WriteString(w, b.String())
	return err
}

func narrowerThan(width int) func(string) bool {
	return func(s string) bool { return fold.Width(s) <= width }
}

// plain writes a block whose rows from the given one on are references, below a rule of their own. Long names and notes take several lines.
func (bl block) plain(b *strings.Builder, references int) {
	folded := make([][][]string, len(bl.Rows)) // [row][column][line]
	for j, c := range bl.Columns {
		for i, cell := range c.padded(func(s string) string { return s }) {
			parts := []string{cell}
			switch {
			case j == 0:
				parts = fold.Wrap(cell, narrowerThan(plainNameWidth))
			case !c.Numeric:
				parts = fold.Wrap(cell, narrowerThan(plainNoteWidth))
			}
			folded[i] = append(folded[i], parts)
		}
	}
	var lines [][]string
	marks, split := []string{"  ", "  "}, -1 // marks are of headings and rule, then of the lines
	for i, cells := range folded {
		if i == references {
			split = len(marks)
		}
		mark := "  "
		if bl.Rows[i].Default {
			mark = "* "
		}
		for k := 0; slices.ContainsFunc(cells, func(parts []string) bool { return k < len(parts) }); k++ {
			line := make([]string, len(cells))
			for j, parts := range cells {
				if k < len(parts) {
					line[j] = parts[k]
				}
			}
			lines, marks, mark = append(lines, line), append(marks, mark), "  "
		}
	}

	lines = bl.aligned(lines)
	write := func(mark string, line []string) {
		b.WriteString(strings.TrimRight(mark+strings.Join(line, "  "), " ") + "\n")
	}
	for n, line := range lines {
		if n == split {
			write("  ", lines[1])
		}
		write(marks[n], line)
		if n == 1 && references == 0 {
			b.WriteString("  no cell has been measured yet\n")
		}
	}
}
