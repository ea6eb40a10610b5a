package plot

import (
	"image/color"
	"io"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/addlab/addlab/internal/fold"
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

// sheet is a white picture to draw on, in units of one pixel with the origin at the lower left.
type sheet struct {
	draw.Canvas
	img     *vgimg.Canvas
	handler text.Handler
}

// fullDPI draws units as pixels, smallDPI five eighths of that: as much as a notebook's column shows.
const fullDPI, smallDPI = 72, 45

func newSheet(dpi int, width, height vg.Length) (sheet, error) {
	handler, err := newHandler()
	if err != nil {
		return sheet{}, err
	}
	img := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseWH(width, height), vgimg.UseBackgroundColor(color.White))
	return sheet{Canvas: draw.New(img), img: img, handler: handler}, nil
}

func (s sheet) png(w io.Writer) error { return smallpng.Encode(w, s.img.Image()) }

// style returns a text style whose anchor is the middle of the line's left end.
func (s sheet) style(size vg.Length, c color.Color) text.Style {
	return text.Style{Font: plotfont.Font{Typeface: typeface, Size: size}, Color: c, YAlign: draw.YCenter, Handler: s.handler}
}

func bold(st text.Style) text.Style {
	st.Font.Weight = stdfont.WeightBold
	return st
}

func flushRight(st text.Style) text.Style {
	st.XAlign = draw.XRight
	return st
}

// put draws one line of text whose middle is at y.
func (s sheet) put(st text.Style, x, y vg.Length, txt string) {
	// The middle of a line of small letters lies below the middle of its box.
	s.FillText(st, vg.Point{X: x, Y: y + st.Font.Size*0.11}, drawable(txt))
}

func (s sheet) lines(st text.Style, x, y, pitch vg.Length, lines []string) {
	for i, line := range lines {
		s.put(st, x, y-pitch*vg.Length(i), line)
	}
}

func wrap(st text.Style, width vg.Length, txt string) []string {
	return fold.Wrap(drawable(txt), func(line string) bool { return st.Width(line) <= width })
}

func (s sheet) newPlot() *plot.Plot {
	p := plot.New()
	p.TextHandler = s.handler
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		align := a.Tick.Label
		a.Tick.Label = s.style(14, grey)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
		label := a.Label.TextStyle
		a.Label.TextStyle = s.style(16, ink)
		a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = label.XAlign, label.YAlign
		a.Label.Padding = 6
		a.Color, a.Width, a.Padding = grey, 1, 0
		a.Tick.Color, a.Tick.Width, a.Tick.Length = grey, 1, 6
	}
	return p
}

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
