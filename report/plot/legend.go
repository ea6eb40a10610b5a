package plot

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/eval"
)

func (f *figure) drawLegend() {
	st := f.style(footSize, grey)
	lift := f.lift(st)
	x, y := vg.Length(margin), 50+lift
	glyph := func(g draw.GlyphDrawer, c color.Color) func() {
		return func() { f.DrawGlyphNoClip(draw.GlyphStyle{Color: c, Radius: 7, Shape: g}, vg.Point{X: x + 10, Y: y}) }
	}
	line := func(reach vg.Length, dashes []vg.Length, mark func()) func() {
		return func() {
			f.StrokeLine2(draw.LineStyle{Color: blue, Width: 2.5, Dashes: dashes}, x+10-reach, y, x+10+reach, y)
			mark()
		}
	}
	interval := slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return slices.ContainsFunc(pn.Values, eval.Estimate.HasInterval) })
	for _, item := range []struct {
		shown bool
		label string
		mark  func()
	}{
		{interval, "mean and its 95 % interval", line(12, nil, glyph(draw.CircleGlyph{}, blue))},
		{interval && f.mixesSeeds(), "one seed: over its pictures", line(14, oneSeed, glyph(ring{}, blue))},
		{!interval, "mean, no interval known", glyph(draw.CircleGlyph{}, blue)},
		{slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return pn.Published }), "published value", glyph(diamond{}, vermillion)},
		{len(f.References) > 0, "reference, dashed up through the cells", glyph(ring{}, grey)},
		{slices.ContainsFunc(f.rows, func(r DotRow) bool { return r.Default }), "default cell", func() {
			f.FillPolygon(band, []vg.Point{{X: x - 2, Y: y - 8}, {X: x + 22, Y: y - 8}, {X: x + 22, Y: y + 8}, {X: x - 2, Y: y + 8}})
		}},
		{f.outside, "beyond this axis", func() {
			f.FillPolygon(grey, []vg.Point{{X: x + 16, Y: y}, {X: x + 4, Y: y + 7}, {X: x + 4, Y: y - 7}})
		}},
	} {
		if item.shown {
			item.mark()
			f.put(st, x+28, y, item.label)
			x += 28 + st.Width(drawable(item.label)) + 34
		}
	}
	f.put(st, margin, 24+lift, f.Foot)
	f.put(flushRight(st), sheetWidth-margin, 24, f.Provenance)
}

const footSize, footLine = 15, 24

// lift is by how much the foot stands above the provenance: nothing where one line holds both.
func (f *figure) lift(st text.Style) vg.Length {
	if f.Foot != "" && st.Width(drawable(f.Foot))+st.Width(drawable(f.Provenance)) > sheetWidth-3*margin {
		return footLine
	}
	return 0
}
