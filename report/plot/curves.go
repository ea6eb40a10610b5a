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
	"gonum.org/v1/plot/plotter"
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
	curvesHeight = 900
	curveName    = 300 // room for the longest name
	curveThumb   = 36  // a piece of the line before its name
)

var (
	curveColours = []color.RGBA{blue, vermillion, green, purple, orange, sky, ink}
	curveDashes  = [][]vg.Length{nil, {10, 5}, {3, 4}}
)

// PNG draws curves.png, with the names at the right.
func (cs Curves) PNG(w io.Writer) error {
	if err := cs.check(); err != nil {
		return err
	}
	s, err := newSheet(fullDPI, sheetWidth, curvesHeight)
	if err != nil {
		return err
	}

	// The title wraps, and a line below the plot says what is missing or smoothed.
	title := wrap(bold(s.style(28, ink)), sheetWidth-2*margin, fold.OneLine(cs.Title))
	s.lines(bold(s.style(28, ink)), margin, curvesHeight-44, 36, title)
	s.put(s.style(15, grey), margin, 26, cs.footnote())

	p := s.newPlot()
	p.X.Label.Text, p.Y.Label.Text = drawable(fold.OneLine(cmp.Or(cs.XLabel, "step"))), drawable(fold.OneLine(cs.YLabel))
	p.X.Padding, p.Y.Padding = 8, 8
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks{most: 11, whole: true}, evenTicks{most: 8}
	grid := plotter.NewGrid()
	grid.Horizontal, grid.Vertical = draw.LineStyle{Color: hairline, Width: 1}, draw.LineStyle{Color: hairline, Width: 1}
	p.Add(grid)
	names := s.style(17, ink)
	names.YAlign = p.Legend.TextStyle.YAlign
	p.Legend.Top, p.Legend.Left, p.Legend.TextStyle, p.Legend.ThumbnailWidth, p.Legend.Padding = true, true, names, curveThumb, 4
	if err := cs.addTo(p); err != nil {
		return err
	}
	empty := p.X.Min > p.X.Max
	if empty {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 1, 10
		s.put(s.style(18, grey), sheetWidth/4, curvesHeight/2, "no finite value to draw")
	}
	if cs.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{most: 11}
		widen(&p.X)
	}
	if cs.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{most: 10}
		widen(&p.Y)
	}

	legend := p.Legend
	p.Legend = plot.NewLegend() // drawn beside the plot, not in it
	area := s.Canvas
	area.Rectangle = vg.Rectangle{Min: vg.Point{X: margin, Y: 52}, Max: vg.Point{X: sheetWidth - margin - legend.Rectangle(s.Canvas).Size().X - 16, Y: vg.Length(curvesHeight - 44 - 36*len(title))}}
	p.Draw(area)
	area.Min.X, area.Max.X = area.Max.X+16, sheetWidth
	legend.Draw(area)
	return s.png(w)
}

func (cs Curves) check() error {
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
	return nil
}

// addTo adds the lines, and the names of those with a value.
func (cs Curves) addTo(p *plot.Plot) error {
	for i, curve := range cs.Curves {
		colour, values := curveColours[i%len(curveColours)], curve.Values
		if cs.Smooth > 1 {
			if _, err := cs.addLine(p, draw.LineStyle{Color: pale(colour), Width: 1}, curve.Steps, values); err != nil {
				return err
			}
			values = cs.runningMean(values)
		}
		style := draw.LineStyle{Color: colour, Width: 2.5, Dashes: curveDashes[i/len(curveColours)%len(curveDashes)]}
		line, err := cs.addLine(p, style, curve.Steps, values)
		if err != nil {
			return err
		}
		if line != nil {
			name := wrap(p.Legend.TextStyle, curveName, fold.OneLine(curve.Name))
			if len(name) > 1 {
				name = []string{name[0] + "…"}
			}
			p.Legend.Add(strings.Join(name, ""), line)
		}
	}
	return nil
}

// addLine adds values in unbroken pieces, and returns the last of them. A value alone is a dot.
func (cs Curves) addLine(p *plot.Plot, style draw.LineStyle, steps []int, values []float64) (last *plotter.Line, err error) {
	for i := 0; i < len(values); i++ {
		var piece plotter.XYs
		for ; i < len(values) && cs.shown(values[i]); i++ {
			piece = append(piece, plotter.XY{X: float64(steps[i]), Y: values[i]})
		}
		if len(piece) == 0 {
			continue
		}
		line, dot, err := plotter.NewLinePoints(piece)
		if err != nil {
			return nil, err
		}
		line.LineStyle, last = style, line
		p.Add(line)
		if len(piece) == 1 {
			dot.GlyphStyle = draw.GlyphStyle{Color: style.Color, Radius: style.Width, Shape: draw.CircleGlyph{}}
			p.Add(dot)
		}
	}
	return last, nil
}

// widen gives a logarithmic axis a length where its values are nearly one.
func widen(a *plot.Axis) {
	if a.Max < 1.1*a.Min {
		a.Min, a.Max = a.Min/1.5, a.Max*1.5
	}
}

func (cs Curves) shown(v float64) bool { return finite(v) && (!cs.LogY || v > 0) }

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
		parts = append(parts, fold.Count(gaps, "value")+" not finite, left as gaps")
	}
	if outside > 0 {
		parts = append(parts, fold.Count(outside, "value")+" ≤ 0 left out of the logarithmic axis")
	}
	return strings.Join(parts, "  –  ")
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

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

func pale(c color.RGBA) color.RGBA {
	mix := func(v uint8) uint8 { return uint8((int(v) + 2*255) / 3) }
	return color.RGBA{R: mix(c.R), G: mix(c.G), B: mix(c.B), A: 255}
}
