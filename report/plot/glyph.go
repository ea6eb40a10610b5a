package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plotFunc draws with a function.
type plotFunc func(draw.Canvas, *plot.Plot)

// Plot implements [plot.Plotter].
func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// diamond is a filled square on its tip.
type diamond struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (diamond) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	r := st.Radius * 1.15
	c.FillPolygon(st.Color, []vg.Point{{X: at.X - r, Y: at.Y}, {X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}})
}

// funnel is a filled triangle on its tip.
type funnel struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (funnel) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	r := st.Radius * 1.25
	c.FillPolygon(st.Color, []vg.Point{{X: at.X, Y: at.Y - r}, {X: at.X + r*0.87, Y: at.Y + r/2}, {X: at.X - r*0.87, Y: at.Y + r/2}})
}

// cross is two thick strokes.
type cross struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (cross) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	r, line := st.Radius*0.85, draw.LineStyle{Color: st.Color, Width: st.Radius * 0.6}
	c.StrokeLine2(line, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(line, at.X-r, at.Y+r, at.X+r, at.Y-r)
}

// ring is an open circle with a white inside.
type ring struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (ring) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
	st.Radius -= 2
	c.SetColor(color.White)
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
}

// marks are the shapes of the points of several tables.
var marks = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}, funnel{}, cross{}}

// mark is the look of the points of a table. Shapes and colours have no common divisor in number, so that it comes again after all pairs.
func mark(table int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: curveColours[table%len(curveColours)], Shape: marks[table%len(marks)], Radius: pointRadius}
}

var (
	_ plot.Plotter     = plotFunc(nil)
	_ draw.GlyphDrawer = diamond{}
	_ draw.GlyphDrawer = funnel{}
	_ draw.GlyphDrawer = cross{}
	_ draw.GlyphDrawer = ring{}
)
