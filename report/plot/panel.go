package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/eval"
)

// DotPanel is one metric of one source over all rows: a dot plot with its numbers at the right.
type DotPanel struct {
	Head, Sub string
	Published bool            // by others: in another colour
	Ratios    bool            // the axis is logarithmic where the values are many times one another
	Values    []eval.Estimate // of the rows, then of the references; one that is not known has no dot
	Labels    []string
}

// labelRoom is where the panel's numbers end, from the right of its axis.
func (pn DotPanel) labelRoom() (room vg.Length) {
	for _, label := range pn.Labels {
		room = max(room, bold(style(17, ink)).Width(label)+18)
	}
	return room
}

func (pn DotPanel) look() (color.Color, draw.GlyphDrawer) {
	if pn.Published {
		return vermillion, draw.BoxGlyph{}
	}
	return blue, draw.CircleGlyph{}
}

// panel is the plot of one panel, with its numbers and its heading.
func (f *figure) panel(pn DotPanel) *plot.Plot {
	p := newPlot()
	p.HideY()
	lo, hi, log := axisRange(pn.Values[:len(f.Rows)], pn.Values[len(f.Rows):], pn.Ratios)
	p.X.Tick.Marker = panelTicks{}
	if log {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{2}
		pn.Head += " (log axis)"
	}
	top := f.y(0) + 0.5
	p.Add(&plotter.Grid{Vertical: draw.LineStyle{Color: hairline, Width: 1}})
	for i, e := range pn.Values {
		number := flushRight(style(17, ink))
		if i >= len(f.Rows) || !e.Known() {
			number.Color = grey
		}
		if f.rows[i].Default {
			number = bold(number)
		}
		addText(p, number, hi, f.y(i), pn.labelRoom(), 0, pn.Labels[i])

		if !e.Known() {
			continue
		}
		if !e.HasInterval() {
			e.Low, e.High = e.Mean, e.Mean
		}
		line, shape := f.mark(pn, i)
		arrow := style(20, line.Color)
		arrow.XAlign = draw.XCenter
		if e.Low < lo {
			addText(p, arrow, lo, f.y(i), 0, 0, "◄")
		}
		if e.High > hi {
			addText(p, arrow, hi, f.y(i), 0, 0, "►")
		}
		f.outside = f.outside || e.Low < lo || e.High > hi
		if e.Mean < lo || e.Mean > hi {
			continue
		}
		at := plotter.XYs{{X: e.Mean, Y: f.y(i)}}
		if i >= len(f.Rows) {
			up := plotter.XYs{at[0], {X: e.Mean, Y: top}}
			p.Add(&plotter.Line{XYs: up, LineStyle: draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 4}}})
		}
		if e.Low < e.High {
			low := max(e.Low, min(lo/2, 2*lo)) // outside as well, but above 0 where the axis is logarithmic
			p.Add(&plotter.XErrorBars{XYs: at, XErrors: plotter.XErrors{{Low: e.Mean - low, High: e.High - e.Mean}}, LineStyle: line, CapWidth: 12})
		}
		p.Add(&plotter.Scatter{XYs: at, GlyphStyle: draw.GlyphStyle{Color: line.Color, Radius: 7, Shape: shape}})
	}
	colour, _ := pn.look()
	addText(p, bold(style(18, colour)), lo, top, 0, 44, pn.Head)
	addText(p, style(14, grey), lo, top, 0, 20, pn.Sub)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = lo, hi, f.y(len(f.rows)-1)-0.5, top
	return p
}

// mark is how a panel draws the estimate of a row.
func (f *figure) mark(pn DotPanel, row int) (draw.LineStyle, draw.GlyphDrawer) {
	colour, shape := pn.look()
	line := draw.LineStyle{Color: colour, Width: 2.5}
	switch {
	case row >= len(f.Rows):
		line.Color, shape = grey, ring{}
	case pn.Values[row].N == 1 && !pn.Published && f.mixesSeeds():
		line.Dashes, shape = oneSeed, ring{}
	}
	return line, shape
}

// oneSeed is an interval over the pictures of one seed, where others of the cells are over seeds and do not compare with it.
var oneSeed = []vg.Length{5, 3}

func (f *figure) mixesSeeds() bool {
	one, several := false, false
	for _, pn := range f.Panels {
		for _, e := range pn.Values[:len(f.Rows)] {
			one, several = one || e.HasInterval() && e.N == 1, several || e.HasInterval() && e.N > 1
		}
	}
	return one && several
}
