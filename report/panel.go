package report

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is one metric of one source over all rows: a dot plot with its numbers at the right.
type panel struct {
	head, sub string
	colour    color.Color
	glyph     draw.GlyphDrawer
	weight    float64 // share of the width
	values    []Estimate
	labels    []string
	labelsAt  vg.Length // room for the labels
	ratios    bool      // the axis is logarithmic where the values are many times one another
	span      span
}

// panels lists ours, then the paper's, leaving out what nobody measured.
func (t Table) panels() []panel {
	p, rows := t.precision(), t.all()
	ours := "ours"
	if t.Data != "" {
		ours += ", " + t.Data
	}
	if t.Scale != "" {
		ours += ", scale " + t.Scale
	}
	fid := panel{head: "FID ↓", sub: ours, colour: blue, glyph: draw.CircleGlyph{}, weight: 3, ratios: true}
	clip := panel{head: "CLIP score ↑", sub: ours, colour: blue, glyph: draw.CircleGlyph{}, weight: 3}
	paperFID := panel{head: "FID ↓", sub: "paper, its own scale", colour: vermillion, glyph: diamond{}, weight: 2, ratios: true}
	paperCLIP := panel{head: "CLIP score ↑", sub: "paper, its own scale", colour: vermillion, glyph: diamond{}, weight: 2}
	add := func(pn *panel, e Estimate, prec int, absent string) {
		mean, tail := e.format(prec)
		if !e.Known() {
			mean = absent
		}
		pn.values, pn.labels = append(pn.values, e), append(pn.labels, mean+tail)
	}
	for i, r := range rows {
		absent := missing
		if r.Collapsed() {
			absent = collapsed
		}
		add(&fid, r.FID, p.fid, absent)
		add(&clip, r.CLIP, p.clip, missing)
		s, none := Score{}, missing
		if r.Paper != nil {
			s = *r.Paper
		} else if i >= len(t.Rows) {
			none = ""
		}
		add(&paperFID, publishedEstimate(s.FID), p.paperFID, none)
		add(&paperCLIP, publishedEstimate(s.CLIP), p.paperCLIP, none)
	}
	panels := []panel{fid}
	for _, pn := range []panel{clip, paperFID, paperCLIP} {
		if slices.ContainsFunc(pn.values, Estimate.Known) {
			panels = append(panels, pn)
		}
	}
	for i, pn := range panels {
		panels[i].span = axisSpan(pn.values[:len(t.Rows)], pn.values[len(t.Rows):], pn.ratios)
		if panels[i].span.log {
			panels[i].head += " (log axis)"
		}
	}
	return panels
}

func publishedEstimate(x float64) Estimate {
	if !published(x) {
		return Estimate{}
	}
	return Estimate{Mean: x, Low: x, High: x, N: 1}
}

// drawPanels gives every panel its share of the room between left and right, and its numbers a column of their own.
func (f *figure) drawPanels(left, right vg.Length) {
	st := f.style(17, ink)
	room := right - left - panelGap*vg.Length(len(f.panels)-1)
	weights := 0.0
	for i, pn := range f.panels {
		for _, label := range pn.labels {
			f.panels[i].labelsAt = max(f.panels[i].labelsAt, bold(st).Width(label)+18)
		}
		room -= f.panels[i].labelsAt
		weights += pn.weight
	}
	x := left
	for _, pn := range f.panels {
		width := room * vg.Length(pn.weight/weights)
		f.put(bold(f.style(18, pn.colour)), x, f.top+44, pn.head)
		f.put(f.style(14, grey), x, f.top+20, pn.sub)
		f.drawPanel(pn, x, x+width)
		for i, label := range pn.labels {
			label, st := label, st
			if f.rows[i].Default {
				st = bold(st)
			}
			if i >= len(f.table.Rows) || label == missing {
				st.Color = grey
			}
			if label == collapsed {
				st = bold(st)
			}
			f.put(flushRight(st), x+width+pn.labelsAt, f.centre[i], label)
		}
		x += width + pn.labelsAt + panelGap
	}
}

// drawPanel draws one dot plot between left and right; row i lies at f.centre[i].
func (f *figure) drawPanel(pn panel, left, right vg.Length) {
	cells := len(f.table.Rows)
	p := f.newPlot()
	p.HideY()
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, spanTicks{pn.span, max(3, int((right-left)/46))}
	p.Y.Min, p.Y.Max = 0, 1
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if x := c.X(tick.Value); !tick.IsMinor() && c.ContainsX(x) {
				f.StrokeLine2(draw.LineStyle{Color: hairline, Width: 1}, x, c.Min.Y, x, c.Max.Y)
			}
		}
		for i, e := range pn.values {
			if !e.Known() {
				continue
			}
			reference := i >= cells
			colour, glyph := pn.colour, pn.glyph
			dashes := f.dashes(i, e)
			switch {
			case reference:
				colour, glyph = grey, ring{}
			case dashes != nil && colour == blue:
				glyph = ring{}
			}
			y, norm := f.centre[i], pn.span.at(e.Mean)
			if norm < 0 || norm > 1 {
				f.drawOutside(c, colour, norm, y)
				continue
			}
			x := c.X(norm)
			if reference {
				f.StrokeLine2(draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{4, 4}}, x, y+7, x, c.Max.Y)
			}
			if e.HasInterval() {
				f.drawInterval(c, draw.LineStyle{Color: colour, Width: 2.5, Dashes: dashes}, pn.span.at(e.Low), pn.span.at(e.High), y)
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

// dashes are those of an interval over the pictures of one seed, where others of the cells are over seeds and not to be compared with it.
func (f *figure) dashes(row int, e Estimate) []vg.Length {
	if row < len(f.table.Rows) && e.N == 1 && f.table.mixesSeeds() {
		return oneSeed
	}
	return nil
}

// oneSeed is how an interval over pictures is drawn among those over seeds.
var oneSeed = []vg.Length{5, 3}

// mixesSeeds tells whether some cells have one seed and others several.
func (t Table) mixesSeeds() bool {
	one, several := false, false
	for _, r := range t.Rows {
		if r.FID.HasInterval() {
			one, several = one || r.FID.N == 1, several || r.FID.N > 1
		}
	}
	return one && several
}

// drawOutside draws an arrow at the edge of the axis beyond which a value lies.
func (f *figure) drawOutside(c draw.Canvas, colour color.Color, norm float64, y vg.Length) {
	f.outside = true
	x, tip := c.Min.X, vg.Length(-12)
	if norm > 1 {
		x, tip = c.Max.X, 12
	}
	f.FillPolygon(colour, []vg.Point{{X: x + tip/2, Y: y}, {X: x - tip/2, Y: y + 7}, {X: x - tip/2, Y: y - 7}})
}
