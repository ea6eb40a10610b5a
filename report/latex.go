package report

import (
	"io"
	"strings"
)

// LaTeX writes t as a table environment for the package booktabs. The default cell is bold, and the references follow under
// a rule of their own.
func (t Table) LaTeX(w io.Writer) error {
	rows := t.all()
	cols := t.columns("cell", rows)

	var b strings.Builder
	b.WriteString("% \\usepackage{booktabs}\n")
	if p := t.provenance(); p != "" {
		b.WriteString("% " + p + "\n")
	}
	b.WriteString("\\begin{table}\n  \\centering\n")
	b.WriteString("  \\caption{" + t.latexCaption() + "}\n")
	if t.Axis != "" {
		b.WriteString("  \\label{tab:" + labelName(t.Axis) + "}\n")
	}

	b.WriteString("  \\begin{tabular}{")
	for _, c := range cols {
		if c.numeric {
			b.WriteByte('r')
		} else {
			b.WriteByte('l')
		}
	}
	b.WriteString("}\n    \\toprule\n")
	head := make([]string, len(cols))
	for j, c := range cols {
		head[j] = escapeLaTeX(c.heading())
	}
	b.WriteString("    " + strings.Join(head, " & ") + " \\\\\n    \\midrule\n")
	for i, r := range rows {
		if i == len(t.Rows) && i > 0 {
			b.WriteString("    \\midrule\n")
		}
		cells := make([]string, len(cols))
		for j, c := range cols {
			front, tail := c.cell(r)
			cells[j] = escapeLaTeX(front + tail)
			if j == 0 && r.Default {
				cells[j] = "\\textbf{" + cells[j] + "}"
			}
		}
		// A cell that opens a row with [ would be read as an argument of \\.
		if strings.HasPrefix(cells[0], "[") {
			cells[0] = "{}" + cells[0]
		}
		b.WriteString("    " + strings.Join(cells, " & ") + " \\\\\n")
	}
	b.WriteString("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) latexCaption() string {
	sentences := []string{withStop(oneLine(t.heading()))}
	if t.Question != "" {
		sentences = append(sentences, withStop(oneLine(t.Question)))
	}
	if s := t.subtitle(); s != "" {
		sentences = append(sentences, withStop(strings.ToUpper(s[:1])+s[1:]))
	}
	sentences = append(sentences, t.legend()...)
	for _, note := range t.Notes {
		sentences = append(sentences, withStop(oneLine(note)))
	}
	return escapeLaTeX(strings.Join(sentences, " "))
}

// withStop ends a sentence that has no end.
func withStop(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") {
		return s
	}
	return s + "."
}

// labelName keeps what \label and \ref take without trouble.
func labelName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-') {
			return r
		}
		return '-'
	}, s)
}

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
