package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

type plotFunc func(draw.Canvas, *plot.Plot)

// Plot implements [plot.Plotter].
func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

type diamond struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (diamond) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	r := st.Radius * 1.15
	c.FillPolygon(st.Color, []vg.Point{{X: at.X - r, Y: at.Y}, {X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}})
}

type ring struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (ring) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
	st.Radius -= 2
	c.SetColor(color.White)
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
}
