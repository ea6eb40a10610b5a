package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is one training metric over steps; Steps must not decrease. Values that are not finite leave a gap.
type Curve struct {
	Name   string
	Steps  []int
	Values []float64
}

// Curves is a plot of several training metrics over the same steps.
type Curves struct {
	Title  string
	XLabel string // "" for step
	YLabel string
	LogX   bool // steps must be above 0
	LogY   bool // values ≤ 0 are left out, and the plot says how many
	Smooth int  // points in a running mean drawn over the pale raw values; below 2 there is none
	Curves []Curve
}

const (
	curvesHeight  = 900
	curveLabel    = 22  // distance of labels that would overlap
	curveLabelMax = 330 // room for the longest label
)

var (
	curveColours = []color.RGBA{blue, vermillion, green, purple, orange, sky, ink}
	curveDashes  = [][]vg.Length{nil, {10, 5}, {3, 4}}
)

// PNG draws curves.png, each curve with its name at its right end.
func (cs Curves) PNG(w io.Writer) error {
	for i, c := range cs.Curves {
		if len(c.Steps) != len(c.Values) {
			return fmt.Errorf("plot: curve %d %q: %d steps, want one for each of its %d values", i, c.Name, len(c.Steps), len(c.Values))
		}
		if !slices.IsSorted(c.Steps) {
			return fmt.Errorf("plot: curve %d %q: steps are not in order", i, c.Name)
		}
		if cs.LogX && len(c.Steps) > 0 && c.Steps[0] <= 0 {
			return fmt.Errorf("plot: curve %d %q: step %d on a logarithmic axis, want > 0", i, c.Name, c.Steps[0])
		}
	}
	s, err := newSheet(sheetWidth, curvesHeight)
	if err != nil {
		return err
	}

	// The title wraps, and a line below the plot says what is missing or smoothed.
	title := wrap(bold(s.style(28, ink)), sheetWidth-2*margin, fold.OneLine(cs.Title))
	s.lines(bold(s.style(28, ink)), margin, curvesHeight-44, 36, title)
	y := vg.Length(curvesHeight - 44 - 36*len(title))
	s.put(s.style(15, grey), margin, 26, cs.footnote())

	p := s.newPlot()
	p.X.Label.Text, p.Y.Label.Text = "step", drawable(fold.OneLine(cs.YLabel))
	if cs.XLabel != "" {
		p.X.Label.Text = drawable(fold.OneLine(cs.XLabel))
	}
	p.X.Padding, p.Y.Padding = 8, 8
	drawn := cs.ranges(p)
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks{most: 11, whole: true}, evenTicks{most: 8}
	if cs.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{most: 11}
	}
	if cs.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{most: 10}
	}
	labels := vg.Length(0)
	for _, c := range cs.Curves {
		labels = max(labels, s.style(17, ink).Width(drawable(fold.OneLine(c.Name))))
	}
	labels = min(labels, curveLabelMax)
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) {
		cs.drawGrid(s, c, p)
		if !drawn {
			s.put(s.style(18, grey), c.Min.X+20, (c.Min.Y+c.Max.Y)/2, "no finite value to draw")
			return
		}
		cs.drawCurves(s, c, p, labels)
	}))
	area := s.Canvas
	area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: 52}, Max: vg.Point{X: sheetWidth - margin - labels - 66, Y: y}}
	p.Draw(area)
	return s.png(w)
}

// shown reports whether a value has a place on the y axis.
func (cs Curves) shown(v float64) bool { return finite(v) && (!cs.LogY || v > 0) }

// ranges fits the axes to the values and reports whether there are any.
func (cs Curves) ranges(p *plot.Plot) bool {
	drawn := false
	for _, c := range cs.Curves {
		for i, v := range c.Values {
			if !cs.shown(v) {
				continue
			}
			drawn = true
			x := float64(c.Steps[i])
			p.X.Min, p.X.Max = math.Min(p.X.Min, x), math.Max(p.X.Max, x)
			p.Y.Min, p.Y.Max = math.Min(p.Y.Min, v), math.Max(p.Y.Max, v)
		}
	}
	if !drawn {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 1, 10
		return false
	}
	switch {
	case p.X.Min < p.X.Max:
	case cs.LogX:
		p.X.Min, p.X.Max = p.X.Min/1.5, p.X.Max*1.5
	default:
		p.X.Min, p.X.Max = p.X.Min-1, p.X.Max+1
	}
	switch {
	case cs.LogY && p.Y.Max < 1.1*p.Y.Min:
		p.Y.Min, p.Y.Max = p.Y.Min/1.5, p.Y.Max*1.5
	case p.Y.Min == p.Y.Max:
		pad := math.Max(math.Abs(p.Y.Min)/10, 1e-3)
		p.Y.Min, p.Y.Max = p.Y.Min-pad, p.Y.Max+pad
	}
	return true
}

// footnote says what the picture does not show by itself.
func (cs Curves) footnote() string {
	var parts []string
	if cs.Smooth > 1 {
		parts = append(parts, fmt.Sprintf("running mean over %d points, the values themselves behind it", cs.Smooth))
	}
	gaps, outside := 0, 0
	for _, c := range cs.Curves {
		for _, v := range c.Values {
			if !finite(v) {
				gaps++
			} else if !cs.shown(v) {
				outside++
			}
		}
	}
	if gaps > 0 {
		parts = append(parts, plural(gaps, "value")+" not finite, left as gaps")
	}
	if outside > 0 {
		parts = append(parts, plural(outside, "value")+" ≤ 0 left out of the logarithmic axis")
	}
	return strings.Join(parts, "  –  ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (cs Curves) drawGrid(s sheet, c draw.Canvas, p *plot.Plot) {
	line := draw.LineStyle{Color: hairline, Width: 1}
	for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if y := c.Y(p.Y.Norm(tick.Value)); !tick.IsMinor() && c.ContainsY(y) {
			s.StrokeLine2(line, c.Min.X, y, c.Max.X, y)
		}
	}
	for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if x := c.X(p.X.Norm(tick.Value)); !tick.IsMinor() && c.ContainsX(x) {
			s.StrokeLine2(line, x, c.Min.Y, x, c.Max.Y)
		}
	}
}

// drawCurves draws the lines, then their names at the right, moved apart where ends meet.
func (cs Curves) drawCurves(s sheet, c draw.Canvas, p *plot.Plot, labelWidth vg.Length) {
	type label struct {
		name  string
		style draw.LineStyle
		end   vg.Point
		y     vg.Length
	}
	var labels []label
	for i, curve := range cs.Curves {
		colour := curveColours[i%len(curveColours)]
		style := draw.LineStyle{Color: colour, Width: 2.5, Dashes: curveDashes[i/len(curveColours)%len(curveDashes)]}
		values := curve.Values
		if cs.Smooth > 1 {
			raw := draw.LineStyle{Color: pale(colour), Width: 1}
			cs.drawLine(s, c, p, raw, curve.Steps, values)
			values = cs.runningMean(values)
		}
		if end, ok := cs.drawLine(s, c, p, style, curve.Steps, values); ok {
			labels = append(labels, label{name: fold.OneLine(curve.Name), style: style, end: end, y: end.Y})
		}
	}

	// From the top down each label keeps its distance; those pushed below the plot push back up.
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(b.y, a.y) })
	for i := 1; i < len(labels); i++ {
		labels[i].y = min(labels[i].y, labels[i-1].y-curveLabel)
	}
	floor := c.Min.Y
	for i := len(labels) - 1; i >= 0; i-- {
		labels[i].y = max(labels[i].y, floor)
		floor = labels[i].y + curveLabel
	}
	st := s.style(17, ink)
	for _, l := range labels {
		// A thin thread leads from the end of the curve to a piece of its line beside the name.
		x := c.Max.X + 62
		s.StrokeLines(draw.LineStyle{Color: l.style.Color, Width: 1}, []vg.Point{l.end, {X: c.Max.X + 6, Y: l.end.Y}, {X: x - 36, Y: l.y}})
		s.StrokeLine2(l.style, x-36, l.y, x-8, l.y)
		name := wrap(st, labelWidth, l.name)
		switch {
		case len(name) == 0:
			continue
		case len(name) > 1:
			name[0] += "…"
		}
		s.put(st, x, l.y, name[0])
	}
}

// drawLine draws values in unbroken pieces and returns the last point.
func (cs Curves) drawLine(s sheet, c draw.Canvas, p *plot.Plot, style draw.LineStyle, steps []int, values []float64) (end vg.Point, ok bool) {
	var piece []vg.Point
	flush := func() {
		if len(piece) == 1 {
			s.DrawGlyphNoClip(draw.GlyphStyle{Color: style.Color, Radius: style.Width, Shape: draw.CircleGlyph{}}, piece[0])
		} else if len(piece) > 1 {
			s.StrokeLines(style, piece)
		}
		piece = nil
	}
	for i, v := range values {
		if !cs.shown(v) {
			flush()
			continue
		}
		end, ok = vg.Point{X: c.X(p.X.Norm(float64(steps[i]))), Y: c.Y(p.Y.Norm(v))}, true
		piece = append(piece, end)
	}
	flush()
	return end, ok
}

// runningMean averages the last Smooth shown values; a gap stays a gap.
func (cs Curves) runningMean(values []float64) []float64 {
	means := make([]float64, len(values))
	for i, v := range values {
		means[i] = math.NaN()
		if !cs.shown(v) {
			continue
		}
		sum, n := 0.0, 0
		for _, past := range values[max(0, i-cs.Smooth+1) : i+1] {
			if cs.shown(past) {
				sum, n = sum+past, n+1
			}
		}
		means[i] = sum / float64(n)
	}
	return means
}

// pale mixes a colour with white.
func pale(c color.RGBA) color.RGBA {
	mix := func(v uint8) uint8 { return uint8((int(v) + 2*255) / 3) }
	return color.RGBA{R: mix(c.R), G: mix(c.G), B: mix(c.B), A: 255}
}
