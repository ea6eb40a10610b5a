package report

import (
	"io"
	"strings"
	"unicode"
)

// Markdown writes t as GitHub Markdown whose columns also line up in a terminal. The default cell is bold, and the
// references follow as a second block.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("## " + escapeMarkdown(oneLine(t.heading())) + "\n\n")
	lead := escapeMarkdown(oneLine(t.Question))
	if s := t.subtitle(); s != "" {
		lead = strings.TrimSpace(lead + " *(" + escapeMarkdown(s) + ")*")
	}
	if lead != "" {
		b.WriteString(lead + "\n\n")
	}

	if len(t.Rows) > 0 {
		markdownBlock(&b, t.columns("cell", t.Rows), t.Rows)
	} else {
		b.WriteString("No cell has been measured yet.\n\n")
	}
	if len(t.References) > 0 {
		b.WriteString("References:\n\n")
		markdownBlock(&b, t.columns("reference", t.References), t.References)
	}

	for _, note := range t.Notes {
		b.WriteString("- " + escapeMarkdown(oneLine(note)) + "\n")
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n")
	}
	legend := t.legend()
	for _, r := range t.Rows {
		if r.Default {
			legend = append(legend, "Bold: the default cell.")
			break
		}
	}
	b.WriteString(escapeMarkdown(strings.Join(legend, " ")) + "\n")
	if p := t.provenance(); p != "" {
		b.WriteString("\n*" + escapeMarkdown(p) + "*\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownBlock(b *strings.Builder, cols []column, rows []Row) {
	cells := make([][]string, len(cols)) // [column][row]
	widths := make([]int, len(cols))
	for j, c := range cols {
		cells[j] = c.set(rows, escapeMarkdown)
		widths[j] = max(3, displayWidth(c.heading()))
		for i, r := range rows {
			if j == 0 && r.Default && cells[j][i] != "" {
				cells[j][i] = "**" + cells[j][i] + "**"
			}
			widths[j] = max(widths[j], displayWidth(cells[j][i]))
		}
	}

	// A colon at the right end sets a column of numbers flush right on a page.
	pad := func(j int, s string) string {
		if cols[j].numeric {
			return padLeft(s, widths[j])
		}
		return padRight(s, widths[j])
	}
	for j, c := range cols {
		b.WriteString("| " + pad(j, c.heading()) + " ")
	}
	b.WriteString("|\n")
	for j, c := range cols {
		dashes := strings.Repeat("-", widths[j])
		if c.numeric {
			dashes = dashes[1:] + ":"
		}
		b.WriteString("| " + dashes + " ")
	}
	b.WriteString("|\n")
	for i := range rows {
		for j := range cols {
			b.WriteString("| " + pad(j, cells[j][i]) + " ")
		}
		b.WriteString("|\n")
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
