package plot

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"github.com/addlab/addlab/dataset"
)

// Grid is a sheet of samples: each row is a sampler, each column a caption. A picture that is missing is an empty frame.
type Grid struct {
	Columns []string // captions
	Rows    []GridRow
	Scale   int // screen pixels per picture pixel; 0 means 4
	Wrap    int // columns side by side, further ones below them with the rows' names again; 0 means all
}

// GridRow is a named line of pictures, one per column.
type GridRow struct {
	Name   string
	Images []dataset.Image
}

// Measures of the grid in pixels.
const (
	gridMargin     = 16
	gridGap        = 10
	gridLabelWidth = 150 // row names are wrapped to this
	gridLabelGap   = 14
	gridFontSize   = 14
	gridLine       = 18
	gridCellLeast  = 96 // narrower columns leave no room for captions
	gridLines      = 10 // of a caption; the rest is cut
)

var (
	frame = color.RGBA{R: 0xc4, G: 0xc4, B: 0xc4, A: 0xff}
	// notFinite shows pixels that are no numbers; no model paints them by accident.
	notFinite = color.RGBA{R: 0xff, G: 0x00, B: 0xff, A: 0xff}
)

// PNG writes the grid as a PNG file.
func (g Grid) PNG(w io.Writer) error {
	img, err := g.Image()
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

// Image draws the grid: captions wrapped above the columns, names at the left, pictures enlarged without smoothing.
func (g Grid) Image() (image.Image, error) {
	scale := g.Scale
	if scale == 0 {
		scale = 4
	}
	columns, size, err := g.check(scale)
	if err != nil {
		return nil, err
	}
	if g.Wrap > 0 && columns > g.Wrap {
		return g.wrapped(columns)
	}

	// Captions stand on the pictures, so the head is as high as the longest of them.
	st := style(gridFontSize, ink)
	cell := max(size*scale, gridCellLeast)
	captions := make([][]string, len(g.Columns))
	head := 0
	for i, caption := range g.Columns {
		captions[i] = cut(wrap(st, vg.Length(cell), caption), gridLines)
		head = max(head, len(captions[i])*gridLine)
	}
	names := make([][]string, len(g.Rows))
	label := vg.Length(0)
	for i, r := range g.Rows {
		names[i] = wrap(st, gridLabelWidth, r.Name)
		for _, line := range names[i] {
			label = max(label, st.Width(line))
		}
	}
	left, top := gridMargin, gridMargin
	if label > 0 {
		left += int(math.Ceil(float64(label))) + gridLabelGap
	}
	if head > 0 {
		top += head + 6
	}
	pitch := cell + gridGap
	height := top + len(g.Rows)*pitch - gridGap + gridMargin
	s := newSheet(fullDPI, vg.Length(left+columns*pitch-gridGap+gridMargin), vg.Length(height))
	img := s.img.Image()

	lines := func(st text.Style, x, y int, lines []string) {
		s.lines(st, vg.Length(x), vg.Length(height-y), gridLine, lines)
	}
	for i, caption := range captions {
		lines(st, left+i*pitch, top-14-(len(caption)-1)*gridLine, caption)
	}
	for i, r := range g.Rows {
		lines(flushRight(st), left-gridLabelGap, top+i*pitch+cell/2-(len(names[i])-1)*gridLine/2, names[i])
		for j := range columns {
			at := image.Rect(0, 0, cell, cell).Add(image.Pt(left+j*pitch, top+i*pitch))
			if j < len(r.Images) && r.Images[j].Size > 0 {
				drawPicture(img, at, r.Images[j])
			} else {
				draw.Draw(img, at, image.NewUniform(frame), image.Point{}, draw.Src)
				draw.Draw(img, at.Inset(1), image.White, image.Point{}, draw.Src)
			}
		}
	}
	return img, nil
}

// wrapped draws bands of g.Wrap columns, one below the other.
func (g Grid) wrapped(columns int) (image.Image, error) {
	var bands []image.Image
	var size image.Point
	for from := 0; from < columns; from += g.Wrap {
		band := Grid{Columns: part(g.Columns, from, g.Wrap), Scale: g.Scale}
		for _, r := range g.Rows {
			band.Rows = append(band.Rows, GridRow{r.Name, part(r.Images, from, g.Wrap)})
		}
		img, err := band.Image()
		if err != nil {
			return nil, err
		}
		bands = append(bands, img)
		size = image.Pt(max(size.X, img.Bounds().Dx()), size.Y+img.Bounds().Dy())
	}
	sheet := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	top := 0
	for _, img := range bands {
		draw.Draw(sheet, img.Bounds().Sub(img.Bounds().Min).Add(image.Pt(0, top)), img, img.Bounds().Min, draw.Src)
		top += img.Bounds().Dy()
	}
	return sheet, nil
}

// part is up to n elements from one on; fewer where there are no more.
func part[T any](all []T, from, n int) []T {
	return all[min(from, len(all)):min(from+n, len(all))]
}

func (g Grid) check(scale int) (columns, size int, err error) {
	if scale < 0 || scale > 64 {
		return 0, 0, fmt.Errorf("plot: grid: scale = %d, want 0 … 64", scale)
	}
	columns = len(g.Columns)
	for _, r := range g.Rows {
		columns = max(columns, len(r.Images))
		for j, m := range r.Images {
			if m.Size < 0 || len(m.Pix) != m.Size*m.Size*3 {
				return 0, 0, fmt.Errorf("plot: grid: row %q, picture %d: %d values, want %d×%d×3", r.Name, j, len(m.Pix), m.Size, m.Size)
			}
			size = max(size, m.Size)
		}
	}
	if len(g.Rows) == 0 || columns == 0 {
		return 0, 0, fmt.Errorf("plot: grid: %d rows and %d columns, want at least one of each", len(g.Rows), columns)
	}
	return columns, size, nil
}

// drawPicture enlarges m by the largest whole factor that fits and centres it.
func drawPicture(img draw.Image, at image.Rectangle, m dataset.Image) {
	factor := max(1, at.Dx()/m.Size)
	offset := at.Min.Add(image.Pt((at.Dx()-factor*m.Size)/2, (at.Dy()-factor*m.Size)/2))
	for y := range m.Size {
		for x := range m.Size {
			block := image.Rect(0, 0, factor, factor).Add(offset).Add(image.Pt(x*factor, y*factor))
			draw.Draw(img, block, image.NewUniform(Pixel(m.Pix[3*(y*m.Size+x):])), image.Point{}, draw.Src)
		}
	}
}

// Pixel maps a pixel of [-1,1] to eight bits; one that is no number becomes magenta.
func Pixel(rgb []float32) color.RGBA {
	c := [3]uint8{}
	for ch := range c {
		v := float64(rgb[ch])
		if math.IsNaN(v) {
			return notFinite
		}
		c[ch] = uint8(math.Round(127.5 * (min(max(v, -1), 1) + 1)))
	}
	return color.RGBA{R: c[0], G: c[1], B: c[2], A: 255}
}
