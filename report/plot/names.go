package plot

import (
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Measures of the rows' names in pixels.
const (
	nameWidth = 300 // at most; longer names are wrapped
	nameLines = 3
	nameLine  = 20
	nameGap   = 28
)

// wrapNames makes all rows as high as the one with the most lines.
func (f *figure) wrapNames() {
	f.pitch = vg.Length(min(66, max(46, 560/max(1, len(f.rows)))))
	for _, r := range f.rows {
		lines := cut(wrap(bold(style(18, ink)), nameWidth, r.Name), nameLines)
		f.names = append(f.names, lines)
		high := len(lines)
		if r.Size != "" {
			high++
		}
		f.pitch = max(f.pitch, vg.Length(high*nameLine+12))
	}
}

// addNames adds the rows' names at the left of a panel.
func (f *figure) addNames(p *plot.Plot) {
	for i, r := range f.rows {
		st, up := flushRight(style(18, ink)), vg.Length(0)
		if i >= len(f.Rows) {
			st.Color = grey
		}
		if r.Default {
			st = bold(st)
		}
		if r.Size != "" {
			up = nameLine / 2
			addText(p, flushRight(style(14, grey)), p.X.Min, f.y(i), -nameGap, -up*vg.Length(len(f.names[i])), r.Size)
		}
		addText(p, st, p.X.Min, f.y(i), -nameGap, up, strings.Join(f.names[i], "\n"))
	}
	if len(f.References) > 0 {
		addText(p, flushRight(bold(style(15, grey))), p.X.Min, f.y(len(f.Rows))+0.5, -nameGap, 14, "References")
	}
}

// addVerdicts adds the rows' verdicts, if there are any, as a column that begins at a distance from the right of a panel.
func (f *figure) addVerdicts(p *plot.Plot, distance vg.Length) {
	head, sub, st := bold(style(18, ink)), style(14, grey), style(17, ink)
	room := vg.Length(0)
	for _, r := range f.rows {
		room = max(room, st.Width(r.Verdict))
	}
	if room == 0 {
		return
	}
	right := distance + max(room, head.Width(f.Verdicts[0]), sub.Width(f.Verdicts[1]))
	addText(p, flushRight(head), p.X.Max, p.Y.Max, right, 44, f.Verdicts[0])
	addText(p, flushRight(sub), p.X.Max, p.Y.Max, right, 20, f.Verdicts[1])
	for i, r := range f.rows {
		addText(p, flushRight(st), p.X.Max, f.y(i), right, 0, r.Verdict)
	}
}
