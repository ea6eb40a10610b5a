package report

import (
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Measures of metrics.png in pixels.
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

// figure is the layout of metrics.png: rows run through all panels, cells above, references below.
type figure struct {
	sheet
	table  Table
	rows   []Row
	names  [][]string
	centre []vg.Length // of each row
	pitch  []vg.Length // height of each row
	top    vg.Length   // of the first row
	bottom vg.Length   // of the last row
	panels []panel

	outside bool // a value lies beyond its axis, and the legend must say what its arrow means
}

// PNG draws metrics.png: one line per cell through dot plots of FID and CLIP score, ours with 95 % intervals and, on axes of
// their own, the paper's. The default cell lies on a band; references stand below the cells and send dashed lines up.
func (t Table) PNG(w io.Writer) error { return t.png(w, fullDPI) }

// Small is a table whose plot has fewer pixels: a notebook keeps many.
type Small struct{ Table }

// PNG writes the plot of Table.PNG, drawn smaller.
func (s Small) PNG(w io.Writer) error { return s.Table.png(w, smallDPI) }

func (t Table) png(w io.Writer, dpi int) error {
	f := figure{table: t, rows: t.all(), panels: t.panels()}

	// The height follows from the rows, whose names may take several lines.
	measure, err := newSheet(1, 1)
	if err != nil {
		return err
	}
	title, question := fold(bold(measure.style(30, ink)), sheetWidth-2*margin, oneLine(t.heading())), fold(measure.style(19, grey), sheetWidth-2*margin, t.lead())
	least := vg.Length(min(66, max(46, 560/max(1, len(f.rows)))))
	name := bold(measure.style(18, ink))
	var body, names vg.Length
	common := t.commonSize()
	for _, r := range f.rows {
		lines := fold(name, nameWidth, oneLine(r.Name))
		if len(lines) > nameLines {
			lines = append(lines[:nameLines-1:nameLines-1], lines[nameLines-1]+" …")
		}
		if size := rowSize(r); size != common && size != "" {
			lines = append(lines, "\t"+size)
		}
		for _, line := range lines {
			names = max(names, name.Width(strings.TrimPrefix(line, "\t")))
		}
		f.names = append(f.names, lines)
		f.pitch = append(f.pitch, max(least, vg.Length(len(lines))*rowLine+12))
		body += f.pitch[len(f.pitch)-1]
	}
	split := vg.Length(0)
	if len(t.References) > 0 {
		split = 34
	}
	vacant := vg.Length(0)
	if len(t.Rows) == 0 {
		vacant = 46
	}
	header := vg.Length(34 + 38*len(title) + 26*len(question))
	_, _, lift := f.feet(measure.style(footSize, grey))
	height := header + panelHead + vacant + body + split + panelFoot + legendSpace + lift
	f.sheet, err = newSheetAt(dpi, sheetWidth, height)
	if err != nil {
		return err
	}

	y := height - 44
	for _, line := range title {
		f.put(bold(f.style(30, ink)), margin, y, line)
		y -= 38
	}
	for _, line := range question {
		f.put(f.style(19, grey), margin, y, line)
		y -= 26
	}

	f.top = height - header - panelHead
	y = f.top - vacant
	for i, p := range f.pitch {
		if i == len(t.Rows) {
			y -= split
		}
		f.centre = append(f.centre, y-p/2)
		y -= p
	}
	f.bottom = y
	f.drawRows(names)

	left := vg.Length(margin) + names + 28
	right := vg.Length(sheetWidth - margin)
	right -= f.drawDirections(right)
	if len(f.rows) > 0 {
		f.drawPanels(left, right)
		f.drawLegend()
	}
	return f.png(w)
}

// lead is the question with its place in the paper and the size that all cells share.
func (t Table) lead() string {
	parts := []string{}
	for _, s := range []string{t.Question, t.subtitle(), t.commonSize()} {
		if s = oneLine(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "  –  ")
}

// rowSize says how many seeds and pictures stand behind a row.
func rowSize(r Row) string {
	var parts []string
	if r.Seeds > 0 {
		parts = append(parts, plural(formatSeeds(r), "seed"))
	}
	if r.Images > 0 {
		parts = append(parts, plural(formatCount(r.Images), "image"))
	}
	return strings.Join(parts, " × ")
}

func plural(count, noun string) string {
	if count == "1" {
		return count + " " + noun
	}
	return count + " " + noun + "s"
}

// commonSize is the size of every cell, or nothing when they differ.
func (t Table) commonSize() string {
	if len(t.Rows) == 0 {
		return ""
	}
	size := rowSize(t.Rows[0])
	if slices.ContainsFunc(t.Rows, func(r Row) bool { return rowSize(r) != size }) {
		return ""
	}
	return size
}

// drawRows draws what runs through all panels: the default's band, hairlines and the names.
func (f *figure) drawRows(names vg.Length) {
	left, right := vg.Length(margin-16), vg.Length(sheetWidth-margin+16)
	for i, r := range f.rows {
		up, down := f.centre[i]+f.pitch[i]/2, f.centre[i]-f.pitch[i]/2
		if r.Default {
			f.FillPolygon(band, []vg.Point{{X: left, Y: up}, {X: right, Y: up}, {X: right, Y: down}, {X: left, Y: down}})
		}
		f.StrokeLine2(draw.LineStyle{Color: hairline, Width: 1}, left, down, right, down)
		if i == 0 || i == len(f.table.Rows) {
			f.StrokeLine2(draw.LineStyle{Color: grey, Width: 1}, left, up, right, up)
		}
		if i == len(f.table.Rows) {
			f.put(bold(f.style(15, grey)), margin, up+14, "References")
		}

		st := f.style(18, ink)
		if r.Default {
			st = bold(st)
		} else if i >= len(f.table.Rows) {
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
	if len(f.table.Rows) == 0 {
		f.put(f.style(18, grey), margin, f.top-23, "no cell has been measured yet")
	}
}

// drawDirections writes the verdicts at the right edge and returns the room they took.
func (f *figure) drawDirections(right vg.Length) vg.Length {
	if !slices.ContainsFunc(f.rows, func(r Row) bool { return r.Direction != "" }) {
		return 0
	}
	f.put(flushRight(bold(f.style(18, ink))), right, f.top+44, "direction")
	f.put(flushRight(f.style(14, grey)), right, f.top+20, "ours vs paper")
	room := bold(f.style(18, ink)).Width("direction")
	for i, r := range f.rows {
		st := f.style(17, ink)
		switch r.Direction {
		case Differs:
			st = bold(st)
		case Undecided:
			st = f.style(17, grey)
		}
		f.put(flushRight(st), right, f.centre[i], r.Direction)
		room = max(room, st.Width(r.Direction))
	}
	return room + panelGap
}
