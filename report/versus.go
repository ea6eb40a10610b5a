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
	name  string
	table int
	paper [2]float64 // FID, CLIP
	ours  [2]float64
}

const versusHeight = 980

// PNG draws two panels, FID (on logarithmic axes where a cell collapsed) and CLIP score, and the names of the numbered cells.
func (v Versus) PNG(w io.Writer) error {
	points := v.points()
	height := vg.Length(math.Max(versusHeight, float64(140+planeLine*len(points))))
	s, err := newSheet(sheetWidth, height)
	if err != nil {
		return err
	}
	s.put(bold(s.style(28, ink)), margin, height-44, oneLine(v.Title))
	s.put(s.style(15, grey), margin, 26, "Ratios to the cell that the table compares with, mostly the default cell. On the line a cell differs from it as much as the paper's; in the shaded quarters it differs the other way. Left: what is within a factor of two.")
	y := height - 100
	for i, p := range points {
		s.put(s.style(16, curveColours[p.table%len(curveColours)]), sheetWidth-planeLegend, y, fmt.Sprintf("%d  %s", i+1, p.name))
		y -= planeLine
	}
	side := (height - 84 - 52 - panelGap) / 2
	width := vg.Length(sheetWidth - planeLegend - 40 - margin)
	for k, metric := range []string{"FID", "CLIP score"} {
		area := s.Canvas
		bottom := 52 + (side+panelGap)*vg.Length(1-k)
		area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: bottom}, Max: vg.Point{X: margin + width, Y: bottom + side}}
		if all := func(versusPoint) bool { return true }; !slices.ContainsFunc(points, func(p versusPoint) bool { return !p.near(k) }) {
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
	p := s.newPlot()
	p.X.Label.Text, p.Y.Label.Text = metric+", paper's ratio", metric+", ours"
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks{most: 5}, evenTicks{most: 6}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0.95, 1.05, 0.95, 1.05
	for _, pt := range points {
		if !shown(pt) {
			continue
		}
		p.X.Min, p.X.Max = math.Min(p.X.Min, pt.paper[k]*0.97), math.Max(p.X.Max, pt.paper[k]*1.03)
		p.Y.Min, p.Y.Max = math.Min(p.Y.Min, pt.ours[k]*0.97), math.Max(p.Y.Max, pt.ours[k]*1.03)
	}
	if math.Max(p.X.Max/p.X.Min, p.Y.Max/p.Y.Min) > 4 { // a collapse is ten times and more
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = logTicks{}, logTicks{}
	}
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		quarter := func(x0, y0, x1, y1 float64) {
			c.FillPolygon(band, []vg.Point{{X: x(x0), Y: y(y0)}, {X: x(x1), Y: y(y0)}, {X: x(x1), Y: y(y1)}, {X: x(x0), Y: y(y1)}})
		}
		quarter(p.X.Min, 1, 1, p.Y.Max)
		quarter(1, p.Y.Min, p.X.Max, 1)
		low, high := math.Max(p.X.Min, p.Y.Min), math.Min(p.X.Max, p.Y.Max)
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 1.5, Dashes: []vg.Length{6, 4}}, x(low), y(low), x(high), y(high))
		var labels labels
		place := func(pt versusPoint) vg.Point { return vg.Point{X: x(pt.paper[k]), Y: y(pt.ours[k])} }
		for _, pt := range points {
			if shown(pt) {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: curveColours[pt.table%len(curveColours)], Radius: 6, Shape: draw.CircleGlyph{}}, place(pt))
				labels.avoid(place(pt), 6)
			}
		}
		for i, pt := range points {
			if shown(pt) && numbered(pt) {
				s.number(&labels, place(pt), i+1)
			}
		}
		if len(points) == 0 {
			s.put(s.style(18, grey), c.Min.X+20, (c.Min.Y+c.Max.Y)/2, "no cell has both ours and the paper's numbers")
		}
	}))
	p.Draw(area)
}

// points are the cells that have all four numbers, besides the one compared with, where that has them too.
func (v Versus) points() (points []versusPoint) {
	whole := func(r Row) bool {
		return r.FID.Known() && r.CLIP.Known() && r.Paper != nil && published(r.Paper.FID) && published(r.Paper.CLIP)
	}
	for i, t := range v.Tables {
		for _, d := range t.Rows {
			if !t.comparesWith(d) || !whole(d) {
				continue
			}
			for _, r := range t.Rows {
				if t.comparesWith(r) || !whole(r) {
					continue
				}
				points = append(points, versusPoint{
					name: oneLine(t.Axis + ": " + r.Name), table: i,
					paper: [2]float64{r.Paper.FID / d.Paper.FID, r.Paper.CLIP / d.Paper.CLIP},
					ours:  [2]float64{r.FID.Mean / d.FID.Mean, r.CLIP.Mean / d.CLIP.Mean},
				})
			}
		}
	}
	return points
}
