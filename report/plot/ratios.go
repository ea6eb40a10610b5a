package plot

import (
	"io"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/internal/fold"
)

// Ratios shows cells of two sources that stand on different scales, each as ratio to one cell of its own source. Cells on the diagonal
// differ from that cell alike in both.
type Ratios struct {
	Title, Note string
	Panels      []RatioPanel // below one another
	Points      []RatioPoint
}

// RatioPanel is a metric with the labels of its axes.
type RatioPanel struct{ Across, Up string }

// RatioPoint is one cell. Points of a group share a mark.
type RatioPoint struct {
	Name       string
	Group      int
	Across, Up []float64 // by panel
}

const (
	ratiosHeight = 980
	ratiosLegend = 460 // room for the names
	ratiosLine   = 22
	noteLine     = 20
)

// PNG draws the panels and the names of the numbered cells. Where a cell is half or twice the one compared with, the others have a panel
// of their own: it would press them into one spot.
func (r Ratios) PNG(w io.Writer) error {
	height := vg.Length(max(ratiosHeight, 140+ratiosLine*len(r.Points)))
	s, err := newSheet(sheetWidth, height)
	if err != nil {
		return err
	}
	s.put(bold(s.style(28, ink)), margin, height-44, fold.OneLine(r.Title))
	text := r.Note
	if slices.ContainsFunc(r.Points, func(p RatioPoint) bool { return !p.nearIn(len(r.Panels)) }) {
		text += " Left: what is within a factor of two."
	}
	note := wrap(s.style(15, grey), sheetWidth-2*margin, text)
	foot := vg.Length(noteLine * (len(note) - 1))
	s.lines(s.style(15, grey), margin, 26+foot, noteLine, note)
	for i, p := range r.Points {
		y := height - 100 - vg.Length(ratiosLine*i)
		s.DrawGlyphNoClip(mark(p.Group), vg.Point{X: sheetWidth - ratiosLegend, Y: y})
		s.put(s.style(16, ink), sheetWidth-ratiosLegend+18, y, strconv.Itoa(i+1)+"  "+fold.OneLine(p.Name))
	}
	side := (height - 84 - 52 - foot - panelGap*vg.Length(len(r.Panels)-1)) / vg.Length(max(1, len(r.Panels)))
	width := vg.Length(sheetWidth - ratiosLegend - 40 - margin)
	for k := range r.Panels {
		area := s.Canvas
		bottom := 52 + foot + (side+panelGap)*vg.Length(len(r.Panels)-1-k)
		area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: bottom}, Max: vg.Point{X: margin + width, Y: bottom + side}}
		near, all := func(p RatioPoint) bool { return p.near(k) }, func(RatioPoint) bool { return true }
		if !slices.ContainsFunc(r.Points, func(p RatioPoint) bool { return !near(p) }) {
			r.panel(s, area, k, all, all)
			continue
		}
		left, right := area, area
		left.Max.X = margin + (width-panelGap)/2
		right.Min.X = left.Max.X + panelGap
		r.panel(s, left, k, near, near)
		r.panel(s, right, k, all, func(p RatioPoint) bool { return !near(p) })
	}
	return s.png(w)
}

// near reports whether neither ratio of a panel is below a half or above two.
func (p RatioPoint) near(k int) bool {
	return math.Min(p.Across[k], p.Up[k]) >= 0.5 && math.Max(p.Across[k], p.Up[k]) <= 2
}

func (p RatioPoint) nearIn(panels int) bool {
	for k := range panels {
		if !p.near(k) {
			return false
		}
	}
	return true
}

// panel draws the points that are shown, and the numbers of those that are numbered.
func (r Ratios) panel(s sheet, area draw.Canvas, k int, shown, numbered func(RatioPoint) bool) {
	across, up := r.spans(k, shown)
	p := s.newPlot()
	p.X.Label.Text, p.Y.Label.Text = r.Panels[k].Across, r.Panels[k].Up
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, spanTicks{across, 5}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1, spanTicks{up, 6}
	p.Add(plotFunc(func(c draw.Canvas, _ *plot.Plot) {
		at := func(x, y float64) vg.Point { return vg.Point{X: c.X(across.at(x)), Y: c.Y(up.at(y))} }
		quarter := func(x0, y0, x1, y1 float64) {
			c.FillPolygon(band, []vg.Point{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)})
		}
		quarter(across.lo, 1, 1, up.hi)
		quarter(1, up.lo, across.hi, 1)
		low, high := math.Max(across.lo, up.lo), math.Min(across.hi, up.hi)
		c.StrokeLines(draw.LineStyle{Color: grey, Width: 1.5, Dashes: []vg.Length{6, 4}}, []vg.Point{at(low, low), at(high, high)})

		var points []vg.Point
		for _, pt := range r.Points {
			if shown(pt) {
				points = append(points, at(pt.Across[k], pt.Up[k]))
			}
		}
		var placed []label
		for i, pt := range r.Points {
			if shown(pt) && numbered(pt) {
				placed = s.number(placed, i+1, at(pt.Across[k], pt.Up[k]), mark(pt.Group).Color, c.Rectangle, points)
			}
		}
		s.numbers(placed)
		for _, pt := range r.Points {
			if shown(pt) {
				c.DrawGlyphNoClip(mark(pt.Group), at(pt.Across[k], pt.Up[k]))
			}
		}
		if len(r.Points) == 0 {
			s.put(s.style(18, grey), c.Min.X+20, (c.Min.Y+c.Max.Y)/2, "no cell has numbers of both")
		}
	}))
	p.Draw(area)
}

// spans are the axes of a panel, with room around the points, logarithmic where they are many times one another.
func (r Ratios) spans(k int, shown func(RatioPoint) bool) (across, up span) {
	across, up = span{lo: 0.98, hi: 1.02}, span{lo: 0.98, hi: 1.02}
	for _, pt := range r.Points {
		if shown(pt) {
			across.lo, across.hi = math.Min(across.lo, pt.Across[k]), math.Max(across.hi, pt.Across[k])
			up.lo, up.hi = math.Min(up.lo, pt.Up[k]), math.Max(up.hi, pt.Up[k])
		}
	}
	log := math.Max(across.hi/across.lo, up.hi/up.lo) > 4
	wider := func(s span) span {
		room := math.Pow(s.hi/s.lo, 0.08)
		return span{s.lo / room, s.hi * room, log}
	}
	return wider(across), wider(up)
}
