package plot

import (
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Dots is a dot plot: a line per cell through panels of estimates with their intervals. The default cell lies on a band. References stand
// below the cells, and dashed lines lead from them up.
type Dots struct {
	Title, Lead      string
	Rows, References []DotRow
	Panels           []DotPanel
	Verdicts         [2]string // heading and subheading of the rows' verdicts, at the right edge
	Foot, Provenance string    // below the legend
	Small            bool      // fewer pixels, as a notebook's column shows
}

// DotRow is a named line. Size is how many seeds and pictures stand behind it, where that is not the same for all.
type DotRow struct {
	Name, Size, Verdict string
	Default             bool
}

// figure is the layout of Dots: its panels are plots side by side with a common axis of rows.
type figure struct {
	Dots
	rows    []DotRow
	names   [][]string // in lines
	pitch   vg.Length  // of the rows
	outside bool       // a value lies beyond its axis, and the legend must say what its arrow means
}

// Measures of a dot plot in pixels.
const (
	panelHead   = 64 // two lines of heading over a panel
	panelFoot   = 24 // tick labels
	legendSpace = 72
	footLine    = 24
	split       = 0.7 // of a row, above the references
)

// PNG draws the plot.
func (d Dots) PNG(w io.Writer) error {
	f := figure{Dots: d, rows: slices.Concat(d.Rows, d.References)}
	for _, pn := range d.Panels {
		if len(pn.Values) != len(f.rows) || len(pn.Labels) != len(f.rows) {
			return fmt.Errorf("plot: panel %q: values = %d, labels = %d, want one of each for %d rows", pn.Head, len(pn.Values), len(pn.Labels), len(f.rows))
		}
	}
	f.wrapNames()

	// The height follows from the rows and from the lines of text around them.
	const width = sheetWidth - 2*margin
	title, lead, foot := bold(style(30, ink)), style(19, grey), style(15, grey)
	titles, leads := wrap(title, width, d.Title), wrap(lead, width, d.Lead)
	if len(d.Rows) == 0 {
		leads = append(leads, "no cell has been measured yet")
	}
	feet := append(wrap(foot, width, d.Foot), wrap(foot, width, d.Provenance)...)
	body := panelHead + panelFoot + f.pitch*vg.Length(1-f.y(len(f.rows)-1))
	bottom := legendSpace + footLine*vg.Length(len(feet))
	height := vg.Length(44+38*len(titles)+26*len(leads)) + body + bottom
	dpi := fullDPI
	if d.Small {
		dpi = smallDPI
	}
	s := newSheet(dpi, sheetWidth, height)
	top := s.lines(title, margin, height-44, 38, titles)
	s.lines(lead, margin, top, 26, leads)
	s.lines(foot, margin, footLine*vg.Length(len(feet)), footLine, feet)
	if len(f.rows) == 0 || len(d.Panels) == 0 {
		return s.png(w)
	}

	plots := make([]*plot.Plot, len(d.Panels))
	for i, pn := range d.Panels {
		plots[i] = f.panel(pn)
	}
	f.addNames(plots[0])
	f.addVerdicts(plots[len(plots)-1], d.Panels[len(plots)-1].labelRoom()+panelGap)
	tiles := draw.Tiles{Rows: 1, Cols: len(plots), PadX: panelGap}
	areas := plot.Align([][]*plot.Plot{plots}, tiles, s.area(margin, bottom, sheetWidth-margin, bottom+body))[0]
	f.drawLines(s, plots[0], plots[0].DataCanvas(areas[0]))
	for i, p := range plots {
		p.Draw(areas[i])
	}
	f.drawLegend(s.area(margin, bottom-legendSpace+footLine, sheetWidth-margin, bottom-30))
	return s.png(w)
}

// y is the place of a row on the plots' axis. Row 0 is the uppermost.
func (f *figure) y(row int) float64 {
	if row >= len(f.Rows) {
		return -float64(row) - split
	}
	return -float64(row)
}

// drawLines draws lines between the rows, and the default cell's band, over the whole width.
func (f *figure) drawLines(s sheet, p *plot.Plot, c draw.Canvas) {
	const left, right = margin - 16, sheetWidth - margin + 16
	for i, r := range f.rows {
		up, down := c.Y(p.Y.Norm(f.y(i)+0.5)), c.Y(p.Y.Norm(f.y(i)-0.5))
		if r.Default {
			s.FillPolygon(band, []vg.Point{{X: left, Y: up}, {X: right, Y: up}, {X: right, Y: down}, {X: left, Y: down}})
		}
		s.StrokeLine2(draw.LineStyle{Color: hairline, Width: 1}, left, down, right, down)
		if i == 0 || i == len(f.Rows) {
			s.StrokeLine2(draw.LineStyle{Color: grey, Width: 1}, left, up, right, up)
		}
	}
}
