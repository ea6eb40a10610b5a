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
	cols := t.columns("cell", rows)
	widths := make([]int, len(cols))
	lines := make([][][]string, len(rows)) // [row][column][line]
	for i := range lines {
		lines[i] = make([][]string, len(cols))
	}
	for j, c := range cols {
		limit := plainNoteWidth
		if j == 0 {
			limit = plainNameWidth
		}
		widths[j] = displayWidth(c.heading())
		for i, cell := range c.set(rows, func(s string) string { return s }) {
			lines[i][j] = []string{cell}
			if !c.numeric {
				lines[i][j] = wrap(cell, func(s string) bool { return displayWidth(s) <= limit })
			}
			for _, line := range lines[i][j] {
				widths[j] = max(widths[j], displayWidth(line))
			}
		}
	}

	var b strings.Builder
	writeLine := func(mark string, cells []string) {
		line := mark
		for j, cell := range cells {
			if j > 0 {
				line += "  "
			}
			if cols[j].numeric {
				line += padLeft(cell, widths[j])
			} else {
				line += padRight(cell, widths[j])
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	writeText := func(s string) {
		for _, line := range wrap(s, func(s string) bool { return displayWidth(s) <= plainTextWidth }) {
			b.WriteString(line + "\n")
		}
	}

	title := oneLine(t.heading())
	if s := t.subtitle(); s != "" {
		title += " (" + s + ")"
	}
	writeText(title)
	writeText(t.Question)
	b.WriteString("\n")

	headings, rules := make([]string, len(cols)), make([]string, len(cols))
	for j, c := range cols {
		headings[j], rules[j] = c.heading(), strings.Repeat("-", widths[j])
	}
	writeLine("  ", headings)
	writeLine("  ", rules)
	if len(t.Rows) == 0 {
		b.WriteString("  no cell has been measured yet\n")
	}
	for i, r := range rows {
		if i == len(t.Rows) {
			writeLine("  ", rules)
		}
		mark := "  "
		if r.Default {
			mark = "* "
		}
		for k := range slices.MaxFunc(lines[i], func(a, b []string) int { return len(a) - len(b) }) {
			cells := make([]string, len(cols))
			for j := range cols {
				if k < len(lines[i][j]) {
					cells[j] = lines[i][j][k]
				}
			}
			writeLine(mark, cells)
			mark = "  "
		}
	}

	b.WriteString("\n")
	for _, note := range t.Notes {
		writeText("- " + note)
	}
	legend := strings.Join(t.legend(), " ")
	if slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Default }) {
		legend = "* the default cell. " + legend
	}
	writeText(legend)
	writeText(t.provenance())
	_, err := io.WriteString(w, b.String())
	return err
}
