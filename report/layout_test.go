package report

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDisplayWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "λ ↓ ±": 5, "x\u0302": 1, "中文": 4, "a\u200bb": 2} {
		if got := displayWidth(s); got != want {
			t.Errorf("displayWidth(%q) = %d, want %d", s, got, want)
		}
	}
}

// Wrapping loses no letter, and every line fits.
func TestWrap(t *testing.T) {
	for _, s := range []string{"", "one", "a few short words", "antidisestablishmentarianism at last", "  blanks\n and lines ", strings.Repeat("x", 40), "-x-very-long-name-of-a-cell"} {
		lines := wrap(s, func(line string) bool { return displayWidth(line) <= 9 })
		for _, line := range lines {
			if displayWidth(line) > 9 {
				t.Errorf("wrap(%q): line %q does not fit", s, line)
			}
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := letters(strings.Join(lines, "")), letters(s); got != want {
			t.Errorf("wrap(%q) holds %q, want %q", s, got, want)
		}
	}
	if got := wrap("4-of-1000-900-800", func(line string) bool { return displayWidth(line) <= 11 }); !cmp.Equal(got, []string{"4-of-1000-", "900-800"}) {
		t.Errorf("a long word is broken into %q, want that behind a hyphen", got)
	}
	if got := wrap("ab", func(string) bool { return false }); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("where nothing fits wrap gives %q, want one letter a line", got)
	}
}

func TestEstimateFormat(t *testing.T) {
	for _, c := range []struct {
		why  string
		e    Estimate
		want string
	}{
		{"symmetric", Estimate{Mean: 12.3, Low: 11.9, High: 12.7, N: 3}, "12.3 ± 0.4"},
		{"symmetric, but the halves round apart", Estimate{Mean: 1, Low: .75, High: 1.25 + 1e-12, N: 3}, "1.0 ± 0.3"},
		{"lopsided", Estimate{Mean: 12.3, Low: 11.8, High: 13.9, N: 3}, "12.3 [11.8, 13.9]"},
		{"no interval", Estimate{Mean: 12.3, Low: 12.3, High: 12.3, N: 1}, "12.3"},
		{"interval of NaN", Estimate{Mean: 12.3, Low: math.NaN(), High: math.NaN(), N: 1}, "12.3"},
		{"interval too small to print", Estimate{Mean: 12.3, Low: 12.29, High: 12.31, N: 3}, "12.3 ± <0.1"},
		{"not measured", Estimate{}, "–"},
		{"not finite", Estimate{Mean: math.NaN(), N: 3}, "–"},
	} {
		mean, tail := c.e.format(1)
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

// The axis holds the means of all cells, however far apart; references and ends of intervals may lie outside.
func TestAxisSpan(t *testing.T) {
	exact := func(xs ...float64) []Estimate {
		es := make([]Estimate, len(xs))
		for i, x := range xs {
			es[i] = Estimate{Mean: x, Low: x, High: x, N: 1}
		}
		return es
	}
	for _, c := range []struct {
		why               string
		cells, refs       []Estimate
		inside, outside   []float64
		widest, narrowest float64
		log, linear       bool // wanted; both for scores that are no ratios
	}{
		{why: "ADD Table 1d: one cell collapsed", cells: exact(20.8, 315.6, 20.6, 22.3, 21.8), log: true},
		{why: "ADD Table 1c: two cells far apart", cells: exact(293.6, 20.6), log: true},
		{why: "the same cells by CLIP score", cells: exact(.065, .319), linear: true},
		{why: "ADD Table 1e: spread, none collapsed", cells: exact(20.6, 21.3, 29.3, 28.41), widest: 12},
		{why: "ADD Table 1f: small differences look small", cells: exact(20.6, 20.8, 20.3), narrowest: 2},
		{why: "two of four cells better by half", cells: exact(69.5, 35.8, 31.2, 30.5), widest: 60},
		{why: "a cell of random weights, teacher and floor beside it", cells: []Estimate{{1852, 1261, 2444, 4}, {44, 29, 59, 4}}, refs: exact(4.5, 18, 396), log: true, inside: []float64{4.5, 18, 29, 396, 2444}},
		{why: "an interval that reaches below 0", cells: []Estimate{{148, -33, 331, 3}, {42, 35, 49, 8}}, log: true, inside: []float64{35, 331}, outside: []float64{1}},
		{why: "a near reference is drawn", cells: exact(40, 44), refs: exact(38), inside: []float64{38}},
		{why: "a far reference is not", cells: exact(40, 44), refs: exact(240), outside: []float64{240}},
		{why: "one interval far wider than the rest", cells: []Estimate{{40, 39, 41, 3}, {42, 41, 43, 3}, {41, -50, 132, 2}}, inside: []float64{39, 43}, outside: []float64{-50, 132}},
		{why: "all intervals wide", cells: []Estimate{{40, 10, 70, 2}, {42, 12, 72, 2}}, inside: []float64{10, 72}},
		{why: "one not measured", cells: append(exact(40, 44), Estimate{Mean: math.NaN()})},
		{why: "FID is never negative", cells: exact(.1, .25), outside: []float64{-.01}},
		{why: "one cell without any distance", cells: exact(0, 30), outside: []float64{-.01}},
		{why: "references only", refs: exact(40, 44), inside: []float64{40, 44}},
		{why: "nothing", inside: []float64{.5}},
		{why: "all zero", cells: []Estimate{{N: 3}, {N: 3}}, inside: []float64{0}},
	} {
		s := axisSpan(c.cells, c.refs, !c.linear)
		if s.log != c.log || !(s.lo < s.hi) || s.log && s.lo <= 0 {
			t.Errorf("%s: span %+v, want one with log = %t", c.why, s, c.log)
		}
		for _, x := range append(meansOf(c.cells), c.inside...) {
			if at := s.at(x); at < 0 || at > 1 {
				t.Errorf("%s: %g lies outside %+v", c.why, x, s)
			}
		}
		for _, x := range c.outside {
			if at := s.at(x); 0 <= at && at <= 1 {
				t.Errorf("%s: %g lies inside %+v", c.why, x, s)
			}
		}
		if width := s.hi - s.lo; c.widest > 0 && width > c.widest || width < c.narrowest {
			t.Errorf("%s: %+v is %g wide, want %g … %g", c.why, s, width, c.narrowest, c.widest)
		}
	}
}

// Every cell stands within its panel, and an axis of FID says that it is logarithmic.
func TestPanelsShowEveryCell(t *testing.T) {
	row := func(name string, fid, clip float64, paper Score) Row {
		return Row{Name: name, Seeds: 4, FID: Estimate{Mean: fid, N: 4}, CLIP: Estimate{Mean: clip, N: 4}, Paper: &paper}
	}
	table := Table{Rows: []Row{row("random", 1852, .27, Score{293.6, .065}), row("adv", 124, .82, Score{20.8, .315}), row("both", 44, .86, Score{20.6, .319})}}
	table.Rows[2].Default = true
	heads := []string{"FID ↓ (log axis)", "CLIP score ↑", "FID ↓ (log axis)", "CLIP score ↑"}
	for i, pn := range table.panels() {
		for j, e := range pn.values {
			if at := pn.span.at(e.Mean); at < 0 || at > 1 {
				t.Errorf("%s, %s: cell %s lies at %g of the axis", pn.head, pn.sub, table.Rows[j].Name, at)
			}
		}
		if pn.head != heads[i] {
			t.Errorf("panel %d is headed %q, want %q", i, pn.head, heads[i])
		}
	}
}

// Places on a span grow with the values from one end to the other.
func TestPlacesOnASpan(t *testing.T) {
	for _, c := range []struct {
		s    span
		v    float64
		want float64
	}{
		{span{lo: 10, hi: 30}, 20, .5}, {span{lo: 10, hi: 30}, 30, 1}, {span{10, 1000, true}, 100, .5}, {span{10, 1000, true}, 10, 0},
		{span{10, 1000, true}, 0, -1}, {span{10, 1000, true}, -33, -1},
	} {
		if got := c.s.at(c.v); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%g on %+v lies at %g, want %g", c.v, c.s, got, c.want)
		}
	}
}

// Logarithmic labels are plain numbers, at least two where there are as many, and no more than fit.
func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		most   int
		want   string
	}{
		{18, 350, 4, "20 50 100 200"},
		{18, 350, 3, "30 100 300"},
		{2.7, 2950, 4, "10 100 1000"},
		{2.7, 2950, 2, "10 100 1000"}, // 1 and 1000 alone would leave one
		{.19, 1.2, 5, "0.2 0.5 1"},
		{1e-10, 1e10, 10, "1e-09 1e-06 0.001 1 1000 1e+06 1e+09"},
		{2, 4.5, 10, "2 3 4"},
	} {
		var labels []string
		for _, tick := range (logTicks{most: c.most}).Ticks(c.lo, c.hi) {
			if tick.Value < c.lo || tick.Value > c.hi {
				t.Errorf("[%g, %g]: tick %g lies outside", c.lo, c.hi, tick.Value)
			}
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("[%g, %g], at most %d: labels %q, want %q", c.lo, c.hi, c.most, got, c.want)
		}
	}
}

// Ticks lie on the axis at even distances, at least two and no more than fit, and no label says what its tick is not.
func TestEvenTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		ticks  evenTicks
		want   string
	}{
		{0, 1995, evenTicks{most: 11, whole: true}, "0 200 400 600 800 1000 1200 1400 1600 1800"},
		{0, 3, evenTicks{most: 11, whole: true}, "0 1 2 3"},
		{.283, .342, evenTicks{most: 3}, "0.30 0.32 0.34"},
		{20.3, 22.5, evenTicks{most: 3}, "21 22"},
		{1.1, 1.9, evenTicks{most: 2}, "1.2 1.4 1.6 1.8"},
		{-1, 1, evenTicks{most: 5}, "-1.0 -0.5 0.0 0.5 1.0"},
		{0, 3e8, evenTicks{most: 4}, "0 1e+08 2e+08 3e+08"},
	} {
		var labels []string
		for _, tick := range c.ticks.Ticks(c.lo, c.hi) {
			if tick.Value < c.lo || tick.Value > c.hi {
				t.Errorf("[%g, %g]: tick %g lies outside", c.lo, c.hi, tick.Value)
			}
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("[%g, %g]: ticks %q, want %q", c.lo, c.hi, got, c.want)
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

func TestDrawableHasNoHoles(t *testing.T) {
	if got, want := drawable("λ ✓ x\u0302 中 ↓"), "λ yes x^ □ ↓"; got != want {
		t.Errorf("drawable gives %q, want %q", got, want)
	}
}

// A cell that collapsed has its numbers among the names; what remains decides how far the axes reach.
func TestPlaneNamesWhatIsFar(t *testing.T) {
	row := func(name string, fid, clip float64) Row {
		return Row{Name: name, FID: Estimate{Mean: fid, N: 4}, CLIP: Estimate{Mean: clip, N: 4}}
	}
	table := Table{Axis: "loss", Rows: []Row{row("a", 45, .86), row("b", 38, .86), row("c", 52, .85), row("adv", 124, .82), row("random", 1850, .27)}}
	points, entries := Plane{Tables: []Table{table}}.points()
	names := texts(entries)
	if len(points) != 4 || points[3].fid.Mean != 124 {
		t.Errorf("points = %+v, want all but the collapsed cell", points)
	}
	if want := []string{"–  loss: random", "     outside: FID 1850.0, CLIP 0.270"}; !slices.Equal(names[4:], want) {
		t.Errorf("names = %q, want %q at the end", names, want)
	}
}

// A reference of one axis that is a cell of another stands in the plane once.
func TestPlaneDrawsNothingTwice(t *testing.T) {
	row := func(name string, fid float64) Row {
		return Row{Name: name, FID: Estimate{Mean: fid, N: 4}, CLIP: Estimate{Mean: .86, N: 4}}
	}
	table := Table{Axis: "student-steps", Rows: []Row{row("2", 75)}, References: []Row{row("student, 2 steps", 75), row("teacher", 19)}}
	if points, entries := (Plane{Tables: []Table{table}}).points(); !slices.Equal(texts(entries), []string{"1  student-steps: 2", "2  teacher"}) {
		t.Errorf("points = %+v, names = %q, want the cell and the other reference", points, texts(entries))
	}
}

// What stands in several tables is drawn from the one with most seeds.
func TestPlaneTakesMostSeeds(t *testing.T) {
	few, many := Row{Name: "1x", Default: true, FID: Estimate{Mean: 48, N: 2}, CLIP: Estimate{Mean: .86, N: 2}}, Row{Name: "both", Default: true, FID: Estimate{Mean: 45, N: 4}, CLIP: Estimate{Mean: .86, N: 4}}
	points, entries := Plane{Tables: []Table{{Axis: "length", Rows: []Row{few}}, {Axis: "disc-cond", Rows: []Row{many}}}}.points()
	if len(points) != 1 || points[0].fid.Mean != 45 || !slices.Equal(texts(entries), []string{"1  default cell"}) {
		t.Errorf("points = %+v, names = %q, want the default cell of four seeds", points, texts(entries))
	}
}

func texts(entries []entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.String())
	}
	return list
}
