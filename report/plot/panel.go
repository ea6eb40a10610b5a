package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/eval"
)

// DotPanel is one metric of one source over all rows: a dot plot with its numbers at the right.
type DotPanel struct {
	Head, Sub string
	Published bool            // by others: in another colour and narrower
	Ratios    bool            // the axis is logarithmic where the values are many times one another
	Values    []eval.Estimate // of the rows, then of the references; one that is not known has no dot
	Labels    []string
}

func (pn DotPanel) look() (colour color.RGBA, glyph draw.GlyphDrawer, weight vg.Length) {
	if pn.Published {
		return vermillion, diamond{}, 2
	}
	return blue, draw.CircleGlyph{}, 3
}

// drawPanels gives every panel its share of the room between left and right, and its numbers a column of their own.
func (f *figure) drawPanels(left, right vg.Length) {
	st := f.style(17, ink)
	room, weights := right-left-panelGap*vg.Length(len(f.Panels)-1), vg.Length(0)
	labelsAt := make([]vg.Length, len(f.Panels))
	for i, pn := range f.Panels {
		for _, label := range pn.Labels {
			labelsAt[i] = max(labelsAt[i], bold(st).Width(label)+18)
		}
		_, _, weight := pn.look()
		room, weights = room-labelsAt[i], weights+weight
	}
	x := left
	for i, pn := range f.Panels {
		colour, _, weight := pn.look()
		width, head := room*weight/weights, pn.Head
		if f.spans[i].log {
			head += " (log axis)"
		}
		f.put(bold(f.style(18, colour)), x, f.top+44, head)
		f.put(f.style(14, grey), x, f.top+20, pn.Sub)
		f.drawPanel(pn, f.spans[i], x, x+width)
		for row, label := range pn.Labels {
			st := st
			if f.rows[row].Default {
				st = bold(st)
			}
			if row >= len(f.Rows) || !pn.Values[row].Known() {
				st.Color = grey
			}
			f.put(flushRight(st), x+width+labelsAt[i], f.centre[row], label)
		}
		x += width + labelsAt[i] + panelGap
	}
}

// drawPanel draws one dot plot between left and right; row i lies at f.centre[i].
func (f *figure) drawPanel(pn DotPanel, s span, left, right vg.Length) {
	p := f.newPlot()
	p.HideY()
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, spanTicks{s, max(3, int((right-left)/46))}
	p.Y.Min, p.Y.Max = 0, 1
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if x := c.X(tick.Value); !tick.IsMinor() && c.ContainsX(x) {
				f.StrokeLine2(draw.LineStyle{Color: hairline, Width: 1}, x, c.Min.Y, x, c.Max.Y)
			}
		}
		for i, e := range pn.Values {
			if !e.Known() {
				continue
			}
			reference := i >= len(f.Rows)
			colour, glyph, _ := pn.look()
			var dashes []vg.Length
			if !reference && e.N == 1 && f.mixesSeeds() {
				dashes = oneSeed
			}
			switch {
			case reference:
				colour, glyph = grey, ring{}
			case dashes != nil && !pn.Published:
				glyph = ring{}
			}
			y, at := f.centre[i], s.at(e.Mean)
			if at < 0 || at > 1 {
				f.drawOutside(c, colour, at, y)
				continue
			}
			x := c.X(at)
			if reference {
				f.StrokeLine2(draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 4}}, x, y+7, x, c.Max.Y)
			}
			if e.HasInterval() {
				f.drawInterval(c, draw.LineStyle{Color: colour, Width: 2.5, Dashes: dashes}, s.at(e.Low), s.at(e.High), y)
			}
			f.DrawGlyphNoClip(draw.GlyphStyle{Color: colour, Radius: 7, Shape: glyph}, vg.Point{X: x, Y: y})
		}
	}))
	area := f.Canvas
	area.Rectangle = vg.Rectangle{Min: vg.Point{X: left, Y: f.bottom - panelFoot}, Max: vg.Point{X: right, Y: f.top}}
	p.Draw(area)
}

// drawInterval draws a bar with caps; an end outside the axis becomes an arrow.
func (f *figure) drawInterval(c draw.Canvas, line draw.LineStyle, low, high float64, y vg.Length) {
	f.StrokeLine2(line, c.X(max(low, 0)), y, c.X(min(high, 1)), y)
	line.Dashes = nil
	for _, end := range []float64{low, high} {
		if end < 0 || end > 1 {
			f.drawOutside(c, line.Color, end, y)
			continue
		}
		f.StrokeLine2(line, c.X(end), y-6, c.X(end), y+6)
	}
}

// oneSeed is an interval over the pictures of one seed, where others of the cells are over seeds and do not compare with it.
var oneSeed = []vg.Length{5, 3}

func (f *figure) mixesSeeds() bool {
	one, several := false, false
	for _, pn := range f.Panels {
		for _, e := range pn.Values[:len(f.Rows)] {
			if e.HasInterval() {
				one, several = one || e.N == 1, several || e.N > 1
			}
		}
	}
	return one && several
}

func (f *figure) drawOutside(c draw.Canvas, colour color.Color, at float64, y vg.Length) {
	f.outside = true
	x, tip := c.Min.X, vg.Length(-12)
	if at > 1 {
		x, tip = c.Max.X, 12
	}
	f.FillPolygon(colour, []vg.Point{{X: x + tip/2, Y: y}, {X: x - tip/2, Y: y + 7}, {X: x - tip/2, Y: y - 7}})
}
