package plot

import (
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
)

// The axis holds the means of all cells, however far apart; references and ends of intervals may lie outside.
func TestAxisRange(t *testing.T) {
	exact := func(xs ...float64) []eval.Estimate {
		es := make([]eval.Estimate, len(xs))
		for i, x := range xs {
			es[i] = eval.Alone(x, 1)
		}
		return es
	}
	for _, c := range []struct {
		why               string
		cells, refs       []eval.Estimate
		inside, outside   []float64
		widest, narrowest float64
		log, linear       bool // wanted; both for scores that are no ratios
	}{
		{why: "ADD Table 1d: one cell far worse", cells: exact(20.8, 315.6, 20.6, 22.3, 21.8), log: true},
		{why: "ADD Table 1c: two cells far apart", cells: exact(293.6, 20.6), log: true},
		{why: "the same cells by CLIP score", cells: exact(.065, .319), linear: true},
		{why: "ADD Table 1e: spread, none far worse", cells: exact(20.6, 21.3, 29.3, 28.41), widest: 12},
		{why: "ADD Table 1f: small differences look small", cells: exact(20.6, 20.8, 20.3), narrowest: 2},
		{why: "two of four cells better by half", cells: exact(69.5, 35.8, 31.2, 30.5), widest: 60},
		{why: "a cell of random weights, teacher and floor beside it", cells: []eval.Estimate{{Mean: 1852, Low: 1261, High: 2444, N: 4}, {Mean: 44, Low: 29, High: 59, N: 4}}, refs: exact(4.5, 18, 396), log: true, inside: []float64{4.5, 18, 29, 396, 2444}},
		{why: "an interval that reaches below 0", cells: []eval.Estimate{{Mean: 148, Low: -33, High: 331, N: 3}, {Mean: 42, Low: 35, High: 49, N: 8}}, log: true, inside: []float64{35, 331}, outside: []float64{1}},
		{why: "a near reference is drawn", cells: exact(40, 44), refs: exact(38), inside: []float64{38}},
		{why: "a far reference is not", cells: exact(40, 44), refs: exact(240), outside: []float64{240}},
		{why: "one interval far wider than the rest", cells: []eval.Estimate{{Mean: 40, Low: 39, High: 41, N: 3}, {Mean: 42, Low: 41, High: 43, N: 3}, {Mean: 41, Low: -50, High: 132, N: 2}}, inside: []float64{39, 43}, outside: []float64{-50, 132}},
		{why: "all intervals wide", cells: []eval.Estimate{{Mean: 40, Low: 10, High: 70, N: 2}, {Mean: 42, Low: 12, High: 72, N: 2}}, inside: []float64{10, 72}},
		{why: "one not measured", cells: append(exact(40, 44), eval.Estimate{})},
		{why: "FID is never negative", cells: exact(.1, .25), outside: []float64{-.01}},
		{why: "one cell without any distance", cells: exact(0, 30), outside: []float64{-.01}},
		{why: "references only", refs: exact(40, 44), inside: []float64{40, 44}},
		{why: "nothing", inside: []float64{.5}},
		{why: "all zero", cells: []eval.Estimate{eval.Alone(0, 3), eval.Alone(0, 3)}, inside: []float64{0}},
	} {
		lo, hi, log := axisRange(c.cells, c.refs, !c.linear)
		if log != c.log || !(lo < hi) || log && lo <= 0 {
			t.Errorf("%s: %g … %g, log = %t, want log = %t", c.why, lo, hi, log, c.log)
		}
		for _, x := range append(meansOf(c.cells), c.inside...) {
			if x < lo || x > hi {
				t.Errorf("%s: %g lies outside %g … %g", c.why, x, lo, hi)
			}
		}
		for _, x := range c.outside {
			if lo <= x && x <= hi {
				t.Errorf("%s: %g lies inside %g … %g", c.why, x, lo, hi)
			}
		}
		if width := hi - lo; c.widest > 0 && width > c.widest || width < c.narrowest {
			t.Errorf("%s: %g … %g is %g wide, want %g … %g", c.why, lo, hi, width, c.narrowest, c.widest)
		}
	}
}

// Logarithmic labels are plain numbers, and at least as many as asked for.
func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		labels int
		lo, hi float64
		want   string
	}{
		{2, 18, 350, "30 100 300"},
		{2, 20, 110, "30 100"},
		{2, 2.7, 2950, "10 100 1000"},
		{2, .19, 1.2, "0.3 1"},
		{2, .04, .8, "0.1 0.3"},
		{2, 1, 1e6, "1 10 100 1000 1e+04 1e+05 1e+06"},
		{2, 2, 4.5, "2 3 4"},
		{5, 1, 50, "1 2 5 10 20 50"},
	} {
		var labels []string
		for _, tick := range (logTicks{c.labels}).Ticks(c.lo, c.hi) {
			if tick.Value < c.lo || tick.Value > c.hi {
				t.Errorf("[%g, %g]: tick %g lies outside", c.lo, c.hi, tick.Value)
			}
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("[%g, %g]: labels %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}

// Ticks lie on the axis at even distances, at least two and about as many as asked for, and no label says what its tick is not.
func TestEvenTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		steps  evenTicks
		want   string
	}{
		{0, 1995, 10, "0 200 400 600 800 1000 1200 1400 1600 1800"},
		{.283, .342, 3, "0.30 0.32 0.34"},
		{20.3, 22.5, 3, "21 22"},
		{1.1, 1.9, 2, "1.2 1.4 1.6 1.8"},
		{-1, 1, 5, "-1.0 -0.5 0.0 0.5 1.0"},
		{0, 95, 4, "0 20 40 60 80"},
	} {
		var labels []string
		for _, tick := range c.steps.Ticks(c.lo, c.hi) {
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

// Labels of a panel's axis do not run into each other.
func TestPanelTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   []string
	}{
		{.755, .915, []string{"0.80", "", "0.90"}},
		{15, 60, []string{"20", "40", "60"}},
		{.3, 1.3, []string{"0.5", "1.0"}},
	} {
		var labels []string
		for _, tick := range (panelTicks{}).Ticks(c.lo, c.hi) {
			labels = append(labels, tick.Label)
		}
		if !slices.Equal(labels, c.want) {
			t.Errorf("[%g, %g]: labels %q, want %q", c.lo, c.hi, labels, c.want)
		}
	}
}

func TestDrawableHasNoHoles(t *testing.T) {
	if got, want := drawable("λ ✓ x\u0302 中 ↓"), "λ yes x^ □ ↓"; got != want {
		t.Errorf("drawable gives %q, want %q", got, want)
	}
}
