package report

import (
	"math"
	"testing"

	"github.com/addlab/addlab/eval"
)

func TestEstimateFormat(t *testing.T) {
	for _, c := range []struct {
		why  string
		e    eval.Estimate
		want string
	}{
		{"symmetric", eval.Estimate{Mean: 12.3, Low: 11.9, High: 12.7, N: 3}, "12.3 ± 0.4"},
		{"symmetric, but the halves round apart", eval.Estimate{Mean: 1, Low: .75, High: 1.25 + 1e-12, N: 3}, "1.0 ± 0.3"},
		{"lopsided", eval.Estimate{Mean: 12.3, Low: 11.8, High: 13.9, N: 3}, "12.3 [11.8, 13.9]"},
		{"no interval", eval.Alone(12.3, 1), "12.3"},
		{"interval of NaN", eval.Estimate{Mean: 12.3, Low: math.NaN(), High: math.NaN(), N: 1}, "12.3"},
		{"interval too small to print", eval.Estimate{Mean: 12.3, Low: 12.29, High: 12.31, N: 3}, "12.3 ± <0.1"},
		{"not measured", eval.Estimate{}, "–"},
		{"not finite", eval.Estimate{Mean: math.NaN(), N: 3}, "–"},
	} {
		mean, tail := format(c.e, 1)
		if got := mean + tail; got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestDecimals(t *testing.T) {
	for _, c := range []struct {
		why   string
		xs    []float64
		least int
		want  int
	}{
		{"nothing measured", nil, 1, 1},
		{"the paper's FID", []float64{20.8, 315.6, 20.6, 22.3}, 1, 1},
		{"a small FID", []float64{3.21, 2.9, 4}, 1, 2},
		{"features of unit length", []float64{.0123, .02}, 1, 4},
		{"CLIP score", []float64{.319, .302}, 3, 3},
		{"a vanishing FID", []float64{1e-30}, 1, 6},
	} {
		if got := decimals(c.xs, c.least); got != c.want {
			t.Errorf("%s: %d decimals, want %d", c.why, got, c.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, markdown, latex string }{
		{"c_text", "c_text", `c\_text`},
		{"_a_ *b* `c`", "\\_a\\_ \\*b\\* \\`c\\`", "\\_a\\_ *b* `c`"},
		{"a|b <i>", `a\|b \<i>`, `a$|$b $<$i$>$`},
		{"[x](y) [low, high]", `\[x](y) [low, high]`, `[x](y) [low, high]`},
		{`50% of {a} & \b`, `50% of {a} & \\b`, `50\% of \{a\} \& \textbackslash{}b`},
		{"λ ± σ → ✓", "λ ± σ → ✓", `$\lambda$ $\pm$ $\sigma$ $\rightarrow$ $\surd$`},
	} {
		if got := escapeMarkdown(c.in); got != c.markdown {
			t.Errorf("Markdown of %q is %q, want %q", c.in, got, c.markdown)
		}
		if got := escapeLaTeX(c.in); got != c.latex {
			t.Errorf("LaTeX of %q is %q, want %q", c.in, got, c.latex)
		}
	}
}

func TestCountsHaveNoDecimals(t *testing.T) {
	m := Metric{Key: "pairs", Main: true, Whole: true}
	table := Table{Metrics: []Metric{m}, Rows: []Row{{Values: map[string]eval.Estimate{"pairs": eval.Alone(7, 7)}}}}
	if got := table.digitsOf(m); got != 0 {
		t.Errorf("digits = %d, want 0", got)
	}
	m.Whole = false
	if got := table.digitsOf(m); got != 2 {
		t.Errorf("digits of a value = %d, want 2", got)
	}
}
