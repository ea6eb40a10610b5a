package report

import (
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/addlab/addlab/internal/fold"
)

// Markdown writes t as GitHub Markdown whose columns also line up in a terminal. The default cell is bold, and the
// references follow as a second block, further numbers and tests as a third.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("## " + escapeMarkdown(fold.OneLine(t.heading())) + "\n\n")
	lead := escapeMarkdown(fold.OneLine(t.Question))
	if s := t.subtitle(); s != "" {
		lead = strings.TrimSpace(lead + " *(" + escapeMarkdown(s) + ")*")
	}
	if lead != "" {
		b.WriteString(lead + "\n\n")
	}

	for i, bl := range t.blocks() {
		if i > 0 {
			b.WriteString("References:\n\n")
		}
		if len(bl.Rows) > 0 {
			bl.markdown(&b)
		} else {
			b.WriteString("No cell has been measured yet.\n\n")
		}
	}

	for _, note := range t.remarks() {
		b.WriteString("- " + escapeMarkdown(fold.OneLine(note)) + "\n")
	}
	if len(t.remarks()) > 0 {
		b.WriteString("\n")
	}
	legend := t.legend()
	if slices.ContainsFunc(t.Rows, isDefault) {
		legend = append(legend, "Bold: the default cell.")
	}
	b.WriteString(escapeMarkdown(strings.Join(legend, " ")) + "\n")
	if p := t.provenance(); p != "" {
		b.WriteString("\n*" + escapeMarkdown(p) + "*\n")
	}
	if more := t.further("row", Table{}); len(more.Columns) > 0 {
		b.WriteString("\nFurther numbers:\n\n")
		more.markdown(&b)
		b.WriteString(escapeMarkdown(strings.Join(t.furtherLegend(Table{}), " ")) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdown writes a table. A colon at the right end sets a column of numbers flush right on a page.
func (bl block) markdown(b *strings.Builder) {
	lines := make([][]string, len(bl.Rows))
	for j, c := range bl.Columns {
		for i, cell := range c.padded(escapeMarkdown) {
			if j == 0 && bl.Rows[i].Default && cell != "" {
				cell = "**" + cell + "**"
			}
			lines[i] = append(lines[i], cell)
		}
	}
	lines = bl.aligned(lines)
	for j, c := range bl.Columns {
		if c.Numeric {
			lines[1][j] = lines[1][j][1:] + ":"
		}
	}
	for _, line := range lines {
		b.WriteString("| " + strings.Join(line, " | ") + " |\n")
	}
	b.WriteString("\n")
}

// escapeMarkdown keeps s literal, in a table cell too. An underscore inside a word is literal already.
func escapeMarkdown(s string) string {
	runes := []rune(s)
	inWord := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	var b strings.Builder
	for i, r := range runes {
		switch {
		case r == '_' && inWord(i-1) && inWord(i+1):
		case strings.ContainsRune("\\`*_|~<", r):
			b.WriteByte('\\')
		case r == '[' && i+1 < len(runes) && strings.Contains(string(runes[i:]), "]("):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
