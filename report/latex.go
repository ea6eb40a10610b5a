package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
)

// LaTeX writes t as a table environment for the package booktabs, narrow enough for a column of text: ours and the paper's numbers
// stand under headings of their own, what is the same in all rows and the notes go to the caption. The default cell is bold, and the
// references follow under a rule of their own.
func (t Table) LaTeX(w io.Writer) error {
	rows := t.block(t.rowNoun(), t.all())
	// Notes go to the caption, and so does the number of pictures where all rows share it.
	cols := slices.DeleteFunc(rows.Columns, func(c column) bool { return c.name == "note" || c.name == "images" && t.commonImages() > 0 })

	var b strings.Builder
	b.WriteString("% \\usepackage{booktabs}\n")
	if p := t.provenance(); p != "" {
		b.WriteString("% " + p + "\n")
	}
	b.WriteString("\\begin{table}\n  \\centering\n  \\caption{" + t.latexCaption() + "}\n")
	if t.Axis != "" {
		b.WriteString("  \\label{tab:" + notInLabels.ReplaceAllString(t.Axis, "-") + "}\n")
	}
	spec, headings, lines := "", []string{}, make([][]string, len(rows.Rows))
	for j, c := range cols {
		spec += map[bool]string{false: "l", true: "r"}[c.Numeric]
		headings = append(headings, escapeLaTeX(strings.TrimPrefix(c.Heading(), paperPrefix)))
		for i, r := range rows.Rows {
			cell := escapeLaTeX(c.Cells[i][0] + c.Cells[i][1])
			if j == 0 && r.Default {
				cell = "\\textbf{" + cell + "}"
			}
			if j == 0 {
				spec = "p{.17\\linewidth}"     // names wrap
				cell = "\\raggedright " + cell // which also keeps a leading [ from being read as an argument of \\
			}
			lines[i] = append(lines[i], cell)
		}
	}
	line := func(cells []string) { b.WriteString("    " + strings.Join(cells, " & ") + " \\\\\n") }
	b.WriteString("  \\scriptsize\\setlength{\\tabcolsep}{2pt}\n  \\begin{tabular}{@{}" + spec + "@{}}\n    \\toprule\n")
	latexGroups(&b, cols)
	line(headings)
	b.WriteString("    \\midrule\n")
	for i, cells := range lines {
		if i == len(t.Rows) && len(t.References) > 0 && i > 0 {
			b.WriteString("    \\midrule\n")
		}
		line(cells)
	}
	b.WriteString("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// commonImages is the number of pictures behind every row that has any, 0 where they differ.
func (t Table) commonImages() (n int) {
	for _, r := range t.all() {
		if n > 0 && r.Images > 0 && r.Images != n {
			return 0
		}
		n = max(n, r.Images)
	}
	return n
}

func latexGroups(b *strings.Builder, cols []column) {
	first, paper := slices.IndexFunc(cols, func(c column) bool { return c.paper }), 0
	for _, c := range cols {
		if c.paper {
			paper++
		}
	}
	if paper == 0 {
		return
	}
	ours, rule := "", ""
	if first > 1 { // all columns between the names and the paper's
		ours, rule = fmt.Sprintf("& \\multicolumn{%d}{c}{ours} ", first-1), fmt.Sprintf("\\cmidrule(lr){2-%d} ", first)
	}
	fmt.Fprintf(b, "    %s& \\multicolumn{%d}{c}{paper} \\\\\n", ours, paper)
	fmt.Fprintf(b, "    %s\\cmidrule(lr){%d-%d}\n", rule, first+1, first+paper)
}

func (t Table) latexCaption() string {
	subtitle := t.subtitle()
	if subtitle != "" {
		subtitle = strings.ToUpper(subtitle[:1]) + subtitle[1:]
	}
	sentences := append([]string{t.heading(), t.Question, subtitle}, t.legend()...)
	if n := t.commonImages(); n > 0 {
		sentences = append(sentences, fmt.Sprintf("Every row is of %d pictures.", n))
	}
	for _, r := range t.all() {
		if r.Note != "" {
			sentences = append(sentences, r.Name+": "+r.Note)
		}
	}
	sentences = append(sentences, t.remarks()...)
	for i, s := range sentences {
		sentences[i] = withStop(fold.OneLine(s))
	}
	return escapeLaTeX(join(" ", sentences...))
}

func withStop(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") {
		return s
	}
	return s + "."
}

var notInLabels = regexp.MustCompile(`[^0-9A-Za-z-]`)

var latexReplacer = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `%`, `\%`, `#`, `\#`, `_`, `\_`, `^`, `\^{}`, `~`, `\~{}`,
	`<`, `$<$`, `>`, `$>$`, `|`, `$|$`, `"`, `''`,
	`–`, `--`, `—`, `---`, `…`, `\dots{}`, `±`, `$\pm$`, `×`, `$\times$`, `·`, `$\cdot$`, `−`, `$-$`,
	`↓`, `$\downarrow$`, `↑`, `$\uparrow$`, `←`, `$\leftarrow$`, `→`, `$\rightarrow$`,
	`≤`, `$\leq$`, `≥`, `$\geq$`, `≈`, `$\approx$`, `∞`, `$\infty$`, `∅`, `$\emptyset$`, `✓`, `$\surd$`, `½`, `$\frac12$`,
	`α`, `$\alpha$`, `β`, `$\beta$`, `γ`, `$\gamma$`, `δ`, `$\delta$`, `ε`, `$\varepsilon$`, `η`, `$\eta$`, `θ`, `$\theta$`,
	`λ`, `$\lambda$`, `μ`, `$\mu$`, `σ`, `$\sigma$`, `Σ`, `$\Sigma$`, `τ`, `$\tau$`, `φ`, `$\varphi$`, `ψ`, `$\psi$`, `ω`, `$\omega$`,
	`₀`, `$_0$`, `₁`, `$_1$`, `₂`, `$_2$`, `²`, `$^2$`, "\u0302", `\^{}`,
)

func escapeLaTeX(s string) string { return latexReplacer.Replace(s) }
