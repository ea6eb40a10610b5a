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
	Dots   bool // mark every value
	Smooth int  // points in a running mean drawn over the pale raw values; below 2 there is none
	Curves []Curve
}

const (
	curvesHeight = 900
	curveName    = 300 // room for the longest name
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
	s := newSheet(fullDPI, sheetWidth, curvesHeight)

	// The title wraps, and a line below the plot says what is missing or smoothed.
	heading := bold(style(28, ink))
	top := s.lines(heading, margin, curvesHeight-44, 36, wrap(heading, sheetWidth-2*margin, cs.Title))
	s.put(style(15, grey), margin, 26, cs.footnote())

	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = drawable(fold.OneLine(cmp.Or(cs.XLabel, "step"))), drawable(fold.OneLine(cs.YLabel))
	p.X.Padding, p.Y.Padding = 8, 8
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks(10), evenTicks(8)
	line := draw.LineStyle{Color: hairline, Width: 1}
	p.Add(&plotter.Grid{Horizontal: line, Vertical: line})
	p.Legend.Top, p.Legend.Left, p.Legend.ThumbnailWidth, p.Legend.Padding = true, true, 36, 8
	p.Legend.TextStyle.Font, p.Legend.TextStyle.Color = style(17, ink).Font, ink
	cs.addTo(p)
	if p.X.Min > p.X.Max {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, 10, 1, 10
		s.put(style(18, grey), sheetWidth/4, curvesHeight/2, "no finite value to draw")
	}
	for axis, log := range map[*plot.Axis]bool{&p.X: cs.LogX, &p.Y: cs.LogY} {
		if log {
			axis.Scale, axis.Tick.Marker = plot.LogScale{}, logTicks{5}
			if axis.Max < 1.1*axis.Min { // its values are nearly one
				axis.Min, axis.Max = axis.Min/1.5, axis.Max*1.5
			}
		}
	}

	legend := p.Legend
	p.Legend = plot.NewLegend() // drawn beside the plot, not in it
	right := sheetWidth - margin - legend.Rectangle(s.Canvas).Size().X
	p.Draw(s.area(margin, 52, right-16, top))
	legend.Draw(s.area(right, 52, sheetWidth, top))
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
func (cs Curves) addTo(p *plot.Plot) {
	for i, curve := range cs.Curves {
		colour, values := curveColours[i%len(curveColours)], curve.Values
		if cs.Smooth > 1 {
			pale := color.NRGBA{R: colour.R, G: colour.G, B: colour.B, A: 0x55}
			cs.addLine(p, draw.LineStyle{Color: pale, Width: 1}, curve.Steps, values)
			values = cs.runningMean(values)
		}
		line := draw.LineStyle{Color: colour, Width: 2.5, Dashes: curveDashes[i/len(curveColours)%len(curveDashes)]}
		if cs.addLine(p, line, curve.Steps, values) {
			name := cut(wrap(p.Legend.TextStyle, curveName, curve.Name), 1)
			p.Legend.Add(strings.Join(name, ""), &plotter.Line{LineStyle: line})
		}
	}
}

// addLine adds values in unbroken pieces, and reports whether there was any. A value alone is a dot.
func (cs Curves) addLine(p *plot.Plot, style draw.LineStyle, steps []int, values []float64) (any bool) {
	for i := 0; i < len(values); i++ {
		var piece plotter.XYs
		for ; i < len(values) && cs.shown(values[i]); i++ {
			piece = append(piece, plotter.XY{X: float64(steps[i]), Y: values[i]})
		}
		dot := draw.GlyphStyle{Color: style.Color, Radius: style.Width, Shape: draw.CircleGlyph{}}
		if cs.Dots {
			dot.Radius *= 2
		}
		if len(piece) == 0 {
			continue
		}
		if len(piece) > 1 {
			p.Add(&plotter.Line{XYs: piece, LineStyle: style})
		}
		if len(piece) == 1 || cs.Dots {
			p.Add(&plotter.Scatter{XYs: piece, GlyphStyle: dot})
		}
		any = true
	}
	return any
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
