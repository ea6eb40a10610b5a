package plot

import (
	"math"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
)

// The axis holds the means of all cells, however far apart; references and ends of intervals may lie outside.
func TestAxisSpan(t *testing.T) {
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

func TestDrawableHasNoHoles(t *testing.T) {
	if got, want := drawable("λ ✓ x\u0302 中 ↓"), "λ yes x^ □ ↓"; got != want {
		t.Errorf("drawable gives %q, want %q", got, want)
	}
}
