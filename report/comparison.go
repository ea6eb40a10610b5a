package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Comparison is systems by metrics, against one reference.
type Comparison struct {
	Title   string
	Metrics []Measure
	Systems []System
	Notes   []string
}

// Measure is a column of a comparison.
type Measure struct {
	Name  string
	Lower bool // lower is better
}

// System is a row: a set of pictures with one score per metric of the comparison.
type System struct {
	Name   string
	Images int // 0 where not known
	Scores []Scored
}

// Scored is one number.
type Scored struct {
	Estimate
	Spread float64 // standard deviation over subsets or splits; NaN for none
	Rank   int     // 1 + systems whose interval is wholly better; 0 for none
}

// table is text in columns, the first of which is names.
type table struct {
	heads []string
	left  []bool // columns of text
	rows  [][]string
}

func (c Comparison) decimals(j int) int {
	var xs []float64
	for _, s := range c.Systems {
		if x := s.Scores[j].Mean; s.Scores[j].Known() && x != 0 {
			xs = append(xs, math.Abs(x))
		}
	}
	return decimals(xs, 3)
}

func arrow(lower bool) string {
	if lower {
		return "↓"
	}
	return "↑"
}

// table lists the metrics of one system below one another, several systems below one another with a column per metric.
func (c Comparison) table() table {
	if len(c.Systems) == 1 {
		t := table{heads: []string{"metric", "value", "spread", "images"}, left: []bool{true, false, false, false}}
		s := c.Systems[0]
		for j, m := range c.Metrics {
			spread := missing
			if !math.IsNaN(s.Scores[j].Spread) {
				spread = formatNumber(s.Scores[j].Spread, c.decimals(j))
			}
			t.rows = append(t.rows, []string{m.Name + " " + arrow(m.Lower), c.values(j)[0], spread, formatCount(s.Images)})
		}
		return t
	}
	t := table{heads: []string{"system"}, left: []bool{true}}
	for _, m := range c.Metrics {
		t.heads, t.left = append(t.heads, m.Name+" "+arrow(m.Lower), "rank"), append(t.left, false, false)
	}
	t.heads, t.left = append(t.heads, "images"), append(t.left, false)
	for i, s := range c.Systems {
		row := []string{s.Name}
		for j := range c.Metrics {
			row = append(row, c.values(j)[i], formatCount(s.Scores[j].Rank))
		}
		t.rows = append(t.rows, append(row, formatCount(s.Images)))
	}
	return t.without("rank", missing)
}

// values are the scores by one metric, their tails padded so that points and signs ± stand under one another.
func (c Comparison) values(j int) []string {
	cells, tails, width := make([]string, len(c.Systems)), make([]string, len(c.Systems)), 0
	for i, s := range c.Systems {
		cells[i], tails[i] = s.Scores[j].format(c.decimals(j))
		if len(c.Systems) > 1 && tails[i] == "" && finite(s.Scores[j].Spread) {
			tails[i] = " (sd " + formatNumber(s.Scores[j].Spread, c.decimals(j)) + ")"
		}
		width = max(width, displayWidth(tails[i]))
	}
	for i := range cells {
		cells[i] += padRight(tails[i], width)
	}
	return cells
}

// without drops columns of a heading that hold nothing but one text.
func (t table) without(head, nothing string) table {
	for j := len(t.heads) - 1; j > 0; j-- {
		if t.heads[j] == head && !slices.ContainsFunc(t.rows, func(r []string) bool { return r[j] != nothing }) {
			t.heads, t.left = slices.Delete(t.heads, j, j+1), slices.Delete(t.left, j, j+1)
			for i := range t.rows {
				t.rows[i] = slices.Delete(t.rows[i], j, j+1)
			}
		}
	}
	return t
}

// padded gives heads and rows with cells of equal widths by column.
func (t table) padded(dress func(string) string) (lines [][]string, widths []int) {
	widths = make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		line := make([]string, len(row))
		for j, cell := range row {
			line[j] = dress(cell)
			widths[j] = max(widths[j], displayWidth(line[j]), 3)
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		for j := range line {
			if t.left[j] {
				line[j] = padRight(line[j], widths[j])
			} else {
				line[j] = padLeft(line[j], widths[j])
			}
		}
	}
	return lines, widths
}

func (c Comparison) legend() string {
	text := "↓ lower is better, ↑ higher is better"
	for _, s := range c.Systems {
		if slices.ContainsFunc(s.Scores, func(x Scored) bool { return x.HasInterval() }) {
			text += "; ± and [low, high] are the interval of the value"
			break
		}
	}
	if len(c.Systems) == 1 {
		return text + "; spread is the standard deviation over subsets or splits, not the error of the value."
	}
	return text + "; sd is the standard deviation over subsets or splits, not the error of the value; rank is 1 + the number of systems whose " +
		"interval is wholly better, so that ties share it."
}

// Plain writes c for a terminal.
func (c Comparison) Plain(w io.Writer) error {
	lines, widths := c.table().padded(func(s string) string { return s })
	var b strings.Builder
	b.WriteString(c.Title + "\n\n")
	for i, line := range lines {
		b.WriteString(strings.TrimRight("  "+strings.Join(line, "  "), " ") + "\n")
		if i == 0 {
			for _, n := range widths {
				b.WriteString("  " + strings.Repeat("-", n))
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\n")
	for _, text := range append(slices.Clone(c.Notes), c.legend()) {
		for _, line := range wrap(text, func(s string) bool { return displayWidth(s) <= plainTextWidth }) {
			b.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes c for a page.
func (c Comparison) Markdown(w io.Writer) error {
	t := c.table()
	lines, widths := t.padded(escapeMarkdown)
	var b strings.Builder
	b.WriteString("## " + escapeMarkdown(oneLine(c.Title)) + "\n\n")
	for i, line := range lines {
		b.WriteString("| " + strings.Join(line, " | ") + " |\n")
		if i > 0 {
			continue
		}
		for j, n := range widths {
			dashes := strings.Repeat("-", n)
			if !t.left[j] {
				dashes = dashes[1:] + ":"
			}
			b.WriteString("| " + dashes + " ")
		}
		b.WriteString("|\n")
	}
	b.WriteString("\n")
	for _, note := range c.Notes {
		b.WriteString("- " + escapeMarkdown(oneLine(note)) + "\n")
	}
	b.WriteString("\n" + escapeMarkdown(c.legend()) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// LaTeX writes c as a table environment for the package booktabs.
func (c Comparison) LaTeX(w io.Writer) error {
	t := c.table()
	var b strings.Builder
	b.WriteString("% \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n  \\caption{")
	sentences := []string{withStop(oneLine(c.Title)), c.legend()}
	for _, note := range c.Notes {
		sentences = append(sentences, withStop(oneLine(note)))
	}
	b.WriteString(escapeLaTeX(strings.Join(sentences, " ")) + "}\n  \\begin{tabular}{")
	for _, left := range t.left {
		b.WriteString(map[bool]string{true: "l", false: "r"}[left])
	}
	b.WriteString("}\n    \\toprule\n")
	for i, row := range append([][]string{t.heads}, t.rows...) {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = escapeLaTeX(oneLine(cell))
		}
		if strings.HasPrefix(cells[0], "[") { // it would be read as an argument of \\
			cells[0] = "{}" + cells[0]
		}
		b.WriteString("    " + strings.Join(cells, " & ") + " \\\\\n")
		if i == 0 {
			b.WriteString("    \\midrule\n")
		}
	}
	b.WriteString("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// CSV writes one line for each system and metric at full precision; a number that does not exist is an empty field.
func (c Comparison) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"system", "metric", "lower_is_better", "value", "low", "high", "spread", "rank", "images"})
	for _, s := range c.Systems {
		for j, m := range c.Metrics {
			x := s.Scores[j]
			low, high, rank, images := "", "", "", ""
			if x.HasInterval() {
				low, high = csvNumber(x.Low), csvNumber(x.High)
			}
			if x.Rank > 0 {
				rank = strconv.Itoa(x.Rank)
			}
			if s.Images > 0 {
				images = strconv.Itoa(s.Images)
			}
			out.Write([]string{s.Name, m.Name, fmt.Sprint(m.Lower), csvNumber(x.Mean), low, high, csvNumber(x.Spread), rank, images})
		}
	}
	out.Flush()
	return out.Error()
}
