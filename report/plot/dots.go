package plot

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/internal/fold"
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

// Measures of a dot plot in pixels.
const (
	sheetWidth  = 1600
	margin      = 44
	panelGap    = 36
	panelHead   = 64 // two lines of heading over a panel
	panelFoot   = 40 // axis and tick labels
	legendSpace = 86
	nameWidth   = 300 // at most; longer names are wrapped
	nameLines   = 3
	rowLine     = 21
)

// figure is the layout of Dots: rows run through all panels.
type figure struct {
	sheet
	Dots
	rows   []DotRow
	spans  []span // of the panels
	names  [][]string
	centre []vg.Length // of each row
	pitch  []vg.Length // height of each row
	top    vg.Length   // of the first row
	bottom vg.Length   // of the last row

	outside bool // a value lies beyond its axis, and the legend must say what its arrow means
}

// PNG draws the plot.
func (d Dots) PNG(w io.Writer) error {
	f := figure{Dots: d, rows: slices.Concat(d.Rows, d.References)}
	for _, pn := range d.Panels {
		if len(pn.Values) != len(f.rows) || len(pn.Labels) != len(f.rows) {
			return fmt.Errorf("plot: panel %q: values = %d, labels = %d, want one of each for %d rows", pn.Head, len(pn.Values), len(pn.Labels), len(f.rows))
		}
		f.spans = append(f.spans, axisSpan(pn.Values[:len(d.Rows)], pn.Values[len(d.Rows):], pn.Ratios))
	}

	// The height follows from the rows, whose names may take several lines.
	measure, err := newSheet(fullDPI, 1, 1)
	if err != nil {
		return err
	}
	title, lead := wrap(bold(measure.style(30, ink)), sheetWidth-2*margin, fold.OneLine(d.Title)), wrap(measure.style(19, grey), sheetWidth-2*margin, d.Lead)
	least := vg.Length(min(66, max(46, 560/max(1, len(f.rows)))))
	name := bold(measure.style(18, ink))
	var body, names, split, vacant vg.Length
	for _, r := range f.rows {
		lines := wrap(name, nameWidth, fold.OneLine(r.Name))
		if len(lines) > nameLines {
			lines = append(lines[:nameLines-1:nameLines-1], lines[nameLines-1]+" …")
		}
		if r.Size != "" {
			lines = append(lines, "\t"+r.Size)
		}
		for _, line := range lines {
			names = max(names, name.Width(strings.TrimPrefix(line, "\t")))
		}
		f.names = append(f.names, lines)
		f.pitch = append(f.pitch, max(least, vg.Length(len(lines))*rowLine+12))
		body += f.pitch[len(f.pitch)-1]
	}
	if len(d.References) > 0 {
		split = 34
	}
	if len(d.Rows) == 0 {
		vacant = 46
	}
	header := vg.Length(34 + 38*len(title) + 26*len(lead))
	height := header + panelHead + vacant + body + split + panelFoot + legendSpace + f.lift(measure.style(footSize, grey))
	dpi := fullDPI
	if d.Small {
		dpi = smallDPI
	}
	if f.sheet, err = newSheet(dpi, sheetWidth, height); err != nil {
		return err
	}
	f.lines(bold(f.style(30, ink)), margin, height-44, 38, title)
	f.lines(f.style(19, grey), margin, height-44-vg.Length(38*len(title)), 26, lead)

	f.top = height - header - panelHead
	y := f.top - vacant
	for i, p := range f.pitch {
		if i == len(d.Rows) {
			y -= split
		}
		f.centre = append(f.centre, y-p/2)
		y -= p
	}
	f.bottom = y
	f.drawRows(names)

	left := vg.Length(margin) + names + 28
	right := vg.Length(sheetWidth-margin) - f.drawVerdicts(sheetWidth-margin)
	if len(f.rows) > 0 {
		f.drawPanels(left, right)
		f.drawLegend()
	}
	return f.png(w)
}

func (f *figure) drawRows(names vg.Length) {
	left, right := vg.Length(margin-16), vg.Length(sheetWidth-margin+16)
	for i, r := range f.rows {
		up, down := f.centre[i]+f.pitch[i]/2, f.centre[i]-f.pitch[i]/2
		if r.Default {
			f.FillPolygon(band, []vg.Point{{X: left, Y: up}, {X: right, Y: up}, {X: right, Y: down}, {X: left, Y: down}})
		}
		f.StrokeLine2(draw.LineStyle{Color: hairline, Width: 1}, left, down, right, down)
		if i == 0 || i == len(f.Rows) {
			f.StrokeLine2(draw.LineStyle{Color: grey, Width: 1}, left, up, right, up)
		}
		if i == len(f.Rows) {
			f.put(bold(f.style(15, grey)), margin, up+14, "References")
		}

		st := f.style(18, ink)
		if r.Default {
			st = bold(st)
		} else if i >= len(f.Rows) {
			st = f.style(18, grey)
		}
		y := f.centre[i] + rowLine*vg.Length(len(f.names[i])-1)/2
		for _, line := range f.names[i] {
			if size, ok := strings.CutPrefix(line, "\t"); ok {
				f.put(flushRight(f.style(14, grey)), margin+names, y, size)
			} else {
				f.put(flushRight(st), margin+names, y, line)
			}
			y -= rowLine
		}
	}
	if len(f.Rows) == 0 {
		f.put(f.style(18, grey), margin, f.top-23, "no cell has been measured yet")
	}
}

func (f *figure) drawVerdicts(right vg.Length) vg.Length {
	if !slices.ContainsFunc(f.rows, func(r DotRow) bool { return r.Verdict != "" }) {
		return 0
	}
	head, sub, st := flushRight(bold(f.style(18, ink))), flushRight(f.style(14, grey)), flushRight(f.style(17, ink))
	f.put(head, right, f.top+44, f.Verdicts[0])
	f.put(sub, right, f.top+20, f.Verdicts[1])
	room := max(head.Width(f.Verdicts[0]), sub.Width(f.Verdicts[1]))
	for i, r := range f.rows {
		f.put(st, right, f.centre[i], r.Verdict)
		room = max(room, st.Width(r.Verdict))
	}
	return room + panelGap
}
