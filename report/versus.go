package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Versus shows the cells of several tables against the paper's: each as ratio to the cell that its table compares with (Table.Against),
// since the two stand on different scales. Cells on the diagonal differ from that cell as much as the paper's do.
type Versus struct {
	Title  string
	Tables []Table
}

// versusPoint is one cell: the paper's ratio and ours.
type versusPoint struct {
	axis  string
	name  string
	table int        // of those that have points
	paper [2]float64 // FID, CLIP
	ours  [2]float64
}

const (
	versusHeight = 980
	versusLine   = 20 // of the note below
)

// PNG draws two panels, FID (on logarithmic axes where a cell collapsed) and CLIP score, and the names of the numbered cells.
func (v Versus) PNG(w io.Writer) error {
	points := v.points()
	height := vg.Length(max(versusHeight, 140+planeLine*len(points)))
	s, err := newSheet(sheetWidth, height)
	if err != nil {
		return err
	}
	s.put(bold(s.style(28, ink)), margin, height-44, oneLine(v.Title))
	note := fold(s.style(15, grey), sheetWidth-2*margin, v.note(points))
	foot := vg.Length(versusLine * (len(note) - 1))
	for i, line := range note {
		s.put(s.style(15, grey), margin, 26+foot-vg.Length(versusLine*i), line)
	}
	var entries []entry
	for i, p := range points {
		entries = append(entries, entry{mark: mark(p.table), n: i + 1, text: p.name})
	}
	s.list(entries, sheetWidth-planeLegend, height-100)
	side := (height - 84 - 52 - foot - panelGap) / 2
	width := vg.Length(sheetWidth - planeLegend - 40 - margin)
	for k, metric := range []string{"FID", "CLIP score"} {
		area := s.Canvas
		bottom := 52 + foot + (side+panelGap)*vg.Length(1-k)
		area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: bottom}, Max: vg.Point{X: margin + width, Y: bottom + side}}
		if all := func(versusPoint) bool { return true }; !twoPanels(points, k) {
			v.panel(s, area, metric, k, points, all, all)
			continue
		}
		left, right := area, area
		left.Max.X = margin + (width-panelGap)/2
		right.Min.X = left.Max.X + panelGap
		near := func(p versusPoint) bool { return p.near(k) }
		v.panel(s, left, metric, k, points, near, near)
		v.panel(s, right, metric, k, points, func(versusPoint) bool { return true }, func(p versusPoint) bool { return !p.near(k) })
	}
	return s.png(w)
}

// note explains what is compared with which cell, and the panels that there are.
func (v Versus) note(points []versusPoint) string {
	against := ""
	for _, t := range v.Tables {
		if t.Against != "" && slices.ContainsFunc(points, func(p versusPoint) bool { return p.axis == t.Axis }) {
			against += fmt.Sprintf("; in %s to %s", oneLine(t.Axis), oneLine(t.Against))
		}
	}
	text := "Ratios to the default cell" + against + ". On the line a cell differs from it as much as the paper's; in the shaded quarters it differs the other way."
	if twoPanels(points, 0) || twoPanels(points, 1) {
		text += " Left: what is within a factor of two."
	}
	return text
}

// twoPanels tells that a metric has two panels, since some points are not near.
func twoPanels(points []versusPoint, k int) bool {
	return slices.ContainsFunc(points, func(p versusPoint) bool { return !p.near(k) })
}

// near tells that neither the paper's cell nor ours is half or twice as much as the one compared with: a collapse would press all such
// cells into one spot, so they have a panel of their own.
func (p versusPoint) near(k int) bool {
	for _, ratio := range []float64{p.paper[k], p.ours[k]} {
		if ratio < 0.5 || ratio > 2 {
			return false
		}
	}
	return true
}

// panel draws the points that are shown, and the numbers of those that are numbered.
func (v Versus) panel(s sheet, area draw.Canvas, metric string, k int, points []versusPoint, shown, numbered func(versusPoint) bool) {
	across, up := versusSpans(points, k, shown)
	p := s.newPlot()
	p.X.Label.Text, p.Y.Label.Text = metric+" relative to the default cell, paper", metric+" relative to the default cell, here"
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, 1, spanTicks{across, 5}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1, spanTicks{up, 6}
	p.Add(plotFunc(func(c draw.Canvas, _ *plot.Plot) {
		place := func(paper, ours float64) vg.Point { return vg.Point{X: c.X(across.at(paper)), Y: c.Y(up.at(ours))} }
		quarter := func(x0, y0, x1, y1 float64) {
			c.FillPolygon(band, []vg.Point{place(x0, y0), place(x1, y0), place(x1, y1), place(x0, y1)})
		}
		quarter(across.lo, 1, 1, up.hi)
		quarter(1, up.lo, across.hi, 1)
		low, high := math.Max(across.lo, up.lo), math.Min(across.hi, up.hi)
		c.StrokeLines(draw.LineStyle{Color: grey, Width: 1.5, Dashes: []vg.Length{6, 4}}, []vg.Point{place(low, low), place(high, high)})

		labels := labels{area: c.Rectangle}
		for i, pt := range points {
			if !shown(pt) {
				continue
			}
			at := place(pt.paper[k], pt.ours[k])
			labels.points = append(labels.points, at)
			if numbered(pt) {
				s.number(&labels, at, i+1, mark(pt.table).Color)
			}
		}
		labels.arrange()
		s.leaders(labels)
		for _, pt := range points {
			if shown(pt) {
				c.DrawGlyphNoClip(mark(pt.table), place(pt.paper[k], pt.ours[k]))
			}
		}
		s.numbers(labels)
		if len(points) == 0 {
			s.put(s.style(18, grey), c.Min.X+20, (c.Min.Y+c.Max.Y)/2, "no cell has both ours and the paper's numbers")
		}
	}))
	p.Draw(area)
}

// versusSpans are the axes of a panel, with room around the points: the paper's ratios across and ours up, logarithmic where a cell
// collapsed, which is ten times and more.
func versusSpans(points []versusPoint, k int, shown func(versusPoint) bool) (across, up span) {
	across, up = span{lo: 0.98, hi: 1.02}, span{lo: 0.98, hi: 1.02}
	for _, pt := range points {
		if shown(pt) {
			across.lo, across.hi = math.Min(across.lo, pt.paper[k]), math.Max(across.hi, pt.paper[k])
			up.lo, up.hi = math.Min(up.lo, pt.ours[k]), math.Max(up.hi, pt.ours[k])
		}
	}
	log := math.Max(across.hi/across.lo, up.hi/up.lo) > 4
	wider := func(s span) span {
		room := math.Pow(s.hi/s.lo, 0.08)
		return span{s.lo / room, s.hi * room, log}
	}
	return wider(across), wider(up)
}

// points are the cells that have all four numbers, besides the one compared with, where that has them too.
func (v Versus) points() (points []versusPoint) {
	whole := func(r Row) bool {
		return r.FID.Known() && r.CLIP.Known() && r.Paper != nil && published(r.Paper.FID) && published(r.Paper.CLIP)
	}
	used := 0
	for _, t := range v.Tables {
		before := len(points)
		for _, d := range t.Rows {
			if !t.comparesWith(d) || !whole(d) {
				continue
			}
			for _, r := range t.Rows {
				if t.comparesWith(r) || !whole(r) {
					continue
				}
				points = append(points, versusPoint{
					axis: t.Axis, name: oneLine(t.Axis + ": " + r.Name), table: used,
					paper: [2]float64{r.Paper.FID / d.Paper.FID, r.Paper.CLIP / d.Paper.CLIP},
					ours:  [2]float64{r.FID.Mean / d.FID.Mean, r.CLIP.Mean / d.CLIP.Mean},
				})
			}
		}
		if len(points) > before {
			used++
		}
	}
	return points
}
