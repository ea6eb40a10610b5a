package plot

import (
	"cmp"
	"image/color"
	"io"
	"math"

	"github.com/addlab/addlab/internal/fold"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter shows points of the plane, panels side by side on common axes.
type Scatter struct {
	Title   string
	Panels  []ScatterPanel
	Columns int     // panels of a row; 0 puts all into one
	Reach   float64 // of the axes, from −Reach to Reach; 0 shows all points
}

// ScatterPanel holds flat points x₀, y₀, x₁, y₁, … Points that are not finite or beyond the axes are left out.
type ScatterPanel struct {
	Name   string
	Points []float64
}

// PNG draws the panels.
func (s Scatter) PNG(w io.Writer) error {
	n := max(1, cmp.Or(s.Columns, len(s.Panels)))
	rows := max(1, (len(s.Panels)+n-1)/n)
	high := vg.Length(rows) * (vg.Length((sheetWidth-2*margin-(n-1)*panelGap)/n) + 50)
	sh := newSheet(fullDPI, sheetWidth, high+100)
	sh.put(bold(style(26, ink)), margin, high+60, fold.OneLine(s.Title))
	tiles, reach := draw.Tiles{Rows: rows, Cols: n, PadX: panelGap, PadY: 10}, s.reach()
	for i, panel := range s.Panels {
		p := newPlot()
		p.Title.Text, p.Title.Padding = drawable(fold.OneLine(panel.Name)), 12
		p.Title.TextStyle.Font, p.Title.TextStyle.Color = style(18, ink).Font, ink
		var points plotter.XYs
		for j := 0; j+1 < len(panel.Points); j += 2 {
			if u, v := panel.Points[j], panel.Points[j+1]; max(math.Abs(u), math.Abs(v)) <= reach { // else outside, or no number
				points = append(points, plotter.XY{X: u, Y: v})
			}
		}
		dot := draw.GlyphStyle{Color: color.NRGBA{R: blue.R, G: blue.G, B: blue.B, A: 0x90}, Radius: 2, Shape: draw.CircleGlyph{}}
		p.Add(&plotter.Scatter{XYs: points, GlyphStyle: dot})
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -reach, reach, -reach, reach
		p.Draw(tiles.At(sh.area(margin, 30, sheetWidth-margin, high+30), i%n, i/n))
	}
	return sh.png(w)
}

func (s Scatter) reach() float64 {
	if s.Reach > 0 {
		return s.Reach
	}
	most := 0.0
	for _, p := range s.Panels {
		for _, v := range p.Points {
			if finite(v) {
				most = math.Max(most, 1.05*math.Abs(v))
			}
		}
	}
	return cmp.Or(most, 1)
}
