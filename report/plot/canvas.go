package plot

import (
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/addlab/addlab/internal/smallpng"
)

// Colours of Okabe and Ito, which stay apart for every common kind of colour blindness.
var (
	blue       = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	vermillion = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
	green      = color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}
	purple     = color.RGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}
	orange     = color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}
	sky        = color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}
	ink        = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	grey       = color.RGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xff}
	hairline   = color.RGBA{R: 0xe2, G: 0xe2, B: 0xe2, A: 0xff}
	band       = color.RGBA{R: 0xe4, G: 0xef, B: 0xf7, A: 0xff}
)

const (
	sheetWidth = 1600
	margin     = 44
	panelGap   = 36
)

// sheet is a white picture to draw on, in units of one pixel with the origin at the lower left.
type sheet struct {
	draw.Canvas
	img *vgimg.Canvas
}

// fullDPI draws units as pixels, smallDPI five eighths of that: as much as a notebook's column shows.
const fullDPI, smallDPI = 72, 45

func newSheet(dpi int, width, height vg.Length) sheet {
	img := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseWH(width, height), vgimg.UseBackgroundColor(color.White))
	return sheet{Canvas: draw.New(img), img: img}
}

func (s sheet) png(w io.Writer) error { return smallpng.Encode(w, s.img.Image()) }

// area is the part of the sheet between two corners.
func (s sheet) area(left, bottom, right, top vg.Length) draw.Canvas {
	return draw.Canvas{Canvas: s.Canvas.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: top}}}
}

// put draws one line of text whose middle is at y.
func (s sheet) put(st text.Style, x, y vg.Length, txt string) {
	s.FillText(st, vg.Point{X: x, Y: y}, drawable(txt))
}

// lines draws lines of text below one another, and returns where the next one has its middle.
func (s sheet) lines(st text.Style, x, y, pitch vg.Length, lines []string) vg.Length {
	for _, line := range lines {
		s.put(st, x, y, line)
		y -= pitch
	}
	return y
}

func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label.Font, a.Tick.Label.Color = style(14, grey).Font, grey
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = style(16, ink).Font, ink
		a.Label.Padding = 6
		a.Color, a.Width, a.Padding = grey, 1, 0
		a.Tick.Color, a.Tick.Width, a.Tick.Length = grey, 1, 6
	}
	return p
}

// addText adds a text at a point of a plot; the plot keeps room for it.
func addText(p *plot.Plot, st text.Style, x, y float64, dx, dy vg.Length, txt string) {
	p.Add(&plotter.Labels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{drawable(txt)}, TextStyle: []text.Style{st}, Offset: vg.Point{X: dx, Y: dy}})
}

type ring struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (ring) DrawGlyph(c *draw.Canvas, st draw.GlyphStyle, at vg.Point) {
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
	st.Radius -= 2
	c.SetColor(color.White)
	draw.CircleGlyph{}.DrawGlyph(c, st, at)
}
