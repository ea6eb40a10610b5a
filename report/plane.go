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

// Plane is the FID–CLIP plane with the cells of several tables: better is up and to the left.
type Plane struct {
	Title  string
	Tables []Table
}

const (
	planeHeight = 900
	planeLegend = 460 // room for the names
	planeLine   = 22

	planeCrowded = 1240 // height with a panel for the better points
	planeLower   = 400  // of the panel below it
)

// planePoint is a cell or reference.
type planePoint struct {
	fid, clip Estimate
	mark      draw.GlyphStyle
	oneSeed   bool // a cell whose intervals are over pictures
}

// PNG draws the plane: every point has a number, which the legend explains. The default cell stands in it once. Where many points
// crowd, a second panel shows the better ones larger.
func (p Plane) PNG(w io.Writer) error {
	points, entries := p.points()
	crowd, crowded := better(points)
	height := vg.Length(math.Max(planeHeight, float64(140+planeLine*len(entries))))
	if crowded {
		height = max(height, planeCrowded)
	}
	s, err := newSheet(sheetWidth, height)
	if err != nil {
		return err
	}
	s.put(bold(s.style(28, ink)), margin, height-44, oneLine(p.Title))
	note := "Lines are 95 % intervals, cut at the edge, dashed of one seed over its pictures. Hollow: references. Seeds differ between tables. Better is up and to the left."
	if crowded {
		note += " The upper panel shows the shaded part of the lower one."
	}
	s.put(s.style(15, grey), margin, 26, note)
	s.list(entries, sheetWidth-planeLegend, height-100)

	area := s.Canvas
	area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: 52}, Max: vg.Point{X: sheetWidth - planeLegend - 40, Y: height - 84}}
	whole := spanning(points)
	if !crowded {
		s.plane(area, points, whole.wider(), window{})
		return s.png(w)
	}
	lower, upper := area, area
	lower.Max.Y = area.Min.Y + planeLower
	upper.Min.Y = lower.Max.Y + panelGap
	s.plane(upper, points, crowd.wider(), window{})
	s.plane(lower, points, whole.wider(), crowd.wider())
	return s.png(w)
}

// plane draws the points within a window. What lies in the part that is shaded, frame, has no numbers here.
func (s sheet) plane(area draw.Canvas, points []planePoint, view, frame window) {
	pl := s.newPlot()
	pl.X.Label.Text, pl.Y.Label.Text = "FID ↓", "CLIP score ↑"
	pl.X.Padding, pl.Y.Padding = 8, 8
	pl.X.Min, pl.X.Max, pl.Y.Min, pl.Y.Max = view.x[0], view.x[1], view.y[0], view.y[1]
	pl.X.Tick.Marker, pl.Y.Tick.Marker = evenTicks{most: 9}, evenTicks{most: 8}
	pl.Add(plotFunc(func(c draw.Canvas, pl *plot.Plot) {
		x, y := pl.Transforms(&c)
		if frame.area() > 0 {
			c.FillPolygon(band, c.ClipPolygonXY([]vg.Point{
				{X: x(frame.x[0]), Y: y(frame.y[0])}, {X: x(frame.x[1]), Y: y(frame.y[0])},
				{X: x(frame.x[1]), Y: y(frame.y[1])}, {X: x(frame.x[0]), Y: y(frame.y[1])},
			}))
		}
		labels := labels{area: c.Rectangle}
		place := func(pt planePoint) vg.Point { return vg.Point{X: x(pt.fid.Mean), Y: y(pt.clip.Mean)} }
		for i, pt := range points {
			if !view.holds(pt) {
				continue
			}
			at := place(pt)
			for _, line := range pt.intervals(x, y) {
				style := draw.LineStyle{Color: pt.mark.Color, Width: 1.5}
				if pt.oneSeed {
					style.Dashes = oneSeed
				}
				c.StrokeLines(style, c.ClipLinesXY(line)...)
				labels.lines = append(labels.lines, vg.Rectangle{Min: line[0], Max: vg.Point{X: line[1].X + 1.5, Y: line[1].Y + 1.5}})
			}
			labels.points = append(labels.points, at)
			if !(frame.area() > 0 && frame.holds(pt)) {
				s.number(&labels, at, i+1, pt.mark.Color)
			}
		}
		labels.arrange()
		s.leaders(labels)
		for _, pt := range points {
			if view.holds(pt) {
				c.DrawGlyphNoClip(pt.mark, place(pt))
			}
		}
		s.numbers(labels)
		if len(points) == 0 {
			s.put(s.style(18, grey), c.Min.X+20, (c.Min.Y+c.Max.Y)/2, "no cell has both numbers")
		}
	}))
	pl.Draw(area)
}

// intervals are lines from their lower to their upper ends.
func (p planePoint) intervals(x, y func(float64) vg.Length) (lines [][]vg.Point) {
	if p.fid.HasInterval() {
		at := y(p.clip.Mean)
		lines = append(lines, []vg.Point{{X: x(p.fid.Low), Y: at}, {X: x(p.fid.High), Y: at}})
	}
	if p.clip.HasInterval() {
		at := x(p.fid.Mean)
		lines = append(lines, []vg.Point{{X: at, Y: y(p.clip.Low)}, {X: at, Y: y(p.clip.High)}})
	}
	return lines
}

// points lists what has both numbers, cells of one table with one mark, the default cell and the references once.
func (p Plane) points() (points []planePoint, entries []entry) {
	seen := map[string]bool{}
	named := func(t Table, r Row) string {
		switch {
		case r.Default:
			return "default cell"
		case slices.ContainsFunc(t.References, func(o Row) bool { return o.Name == r.Name }):
			return r.Name
		}
		return t.Axis + ": " + r.Name
	}
	most := map[string]int{} // seeds: what stands in several tables is taken from the one that has most
	for _, t := range p.Tables {
		for _, r := range slices.Concat(t.Rows, t.References) {
			most[named(t, r)] = max(most[named(t, r)], r.FID.N)
		}
	}
	add := func(r Row, name string, m draw.GlyphStyle) {
		if !r.FID.Known() || !r.CLIP.Known() || seen[name] || r.FID.N < most[name] {
			return
		}
		seen[name] = true
		points = append(points, planePoint{r.FID, r.CLIP, m, m != reference && r.FID.N == 1})
		entries = append(entries, entry{mark: m, n: len(points), text: oneLine(name)})
	}
	// What is far away, such as a cell that collapsed, would press all others into a corner: it is named only.
	mention := func(r Row, name string) {
		if name = "–  " + oneLine(name); !seen[name] {
			seen[name] = true
			entries = append(entries, entry{text: name}, entry{text: fmt.Sprintf("     outside: FID %.1f, CLIP %.3f", r.FID.Mean, r.CLIP.Mean)})
		}
	}
	usual := [2]func(float64) bool{p.usual(func(r Row) Estimate { return r.FID }), p.usual(func(r Row) Estimate { return r.CLIP })}
	for i, t := range p.Tables {
		for _, r := range t.Rows {
			name := named(t, r)
			if r.FID.Known() && r.CLIP.Known() && !(usual[0](r.FID.Mean) && usual[1](r.CLIP.Mean)) {
				mention(r, name)
				continue
			}
			add(r, name, mark(i))
		}
	}
	cells := points
	isCell := func(r Row) bool { // a reference of one axis may be a cell of another
		return slices.ContainsFunc(cells, func(pt planePoint) bool { return pt.fid == r.FID && pt.clip == r.CLIP })
	}
	var distant []Row
	for _, t := range p.Tables {
		for _, r := range t.References {
			switch {
			case isCell(r):
			case r.FID.Known() && r.CLIP.Known() && (far(cells, r.FID, planePoint.x) || far(cells, r.CLIP, planePoint.y)):
				distant = append(distant, r)
			default:
				add(r, r.Name, reference)
			}
		}
	}
	whole := spanning(points).wider() // other references may have made room
	for _, r := range distant {
		if whole.holds(planePoint{fid: r.FID, clip: r.CLIP}) {
			add(r, r.Name, reference)
		} else {
			mention(r, r.Name)
		}
	}
	return points, entries
}

// usual tells whether a value lies no further from the median of all cells than sixteen times as three quarters of them do.
func (p Plane) usual(of func(Row) Estimate) func(float64) bool {
	var means []float64
	for _, t := range p.Tables {
		for _, r := range t.Rows {
			if e := of(r); e.Known() {
				means = append(means, e.Mean)
			}
		}
	}
	if len(means) < 4 {
		return func(float64) bool { return true }
	}
	slices.Sort(means)
	median := means[len(means)/2]
	distances := make([]float64, len(means))
	for i, m := range means {
		distances[i] = math.Abs(m - median)
	}
	slices.Sort(distances)
	reach := 16 * distances[3*(len(distances)-1)/4]
	return func(v float64) bool { return reach == 0 || math.Abs(v-median) <= reach }
}

func (p planePoint) x() float64 { return p.fid.Mean }
func (p planePoint) y() float64 { return p.clip.Mean }

// far tells whether an estimate lies further from the cells than twice their extent.
func far(cells []planePoint, e Estimate, of func(planePoint) float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range cells {
		low, high = math.Min(low, of(c)), math.Max(high, of(c))
	}
	reach := 2 * (high - low)
	return len(cells) > 1 && (e.Mean < low-reach || e.Mean > high+reach)
}
