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
	item := func(mark func(x vg.Length), label string) {
		mark(x + 10)
		f.put(st, x+28, y, label)
		x += 28 + st.Width(drawable(label)) + 34
	}
	glyph := func(g draw.GlyphDrawer, c color.Color) func(vg.Length) {
		return func(x vg.Length) {
			f.DrawGlyphNoClip(draw.GlyphStyle{Color: c, Radius: 7, Shape: g}, vg.Point{X: x, Y: y})
		}
	}
	interval := slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return slices.ContainsFunc(pn.Values, eval.Estimate.HasInterval) })
	if interval {
		item(func(x vg.Length) {
			f.StrokeLine2(draw.LineStyle{Color: blue, Width: 2.5}, x-12, y, x+12, y)
			glyph(draw.CircleGlyph{}, blue)(x)
		}, "mean and its 95 % interval")
		if f.mixesSeeds() {
			item(func(x vg.Length) {
				f.StrokeLine2(draw.LineStyle{Color: blue, Width: 2.5, Dashes: oneSeed}, x-14, y, x+14, y)
				glyph(ring{}, blue)(x)
			}, "one seed: over its pictures")
		}
	} else {
		item(glyph(draw.CircleGlyph{}, blue), "mean, no interval known")
	}
	if slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return pn.Published }) {
		item(glyph(diamond{}, vermillion), "published value")
	}
	if len(f.References) > 0 {
		item(glyph(ring{}, grey), "reference, dashed up through the cells")
	}
	if slices.ContainsFunc(f.rows, func(r DotRow) bool { return r.Default }) {
		item(func(x vg.Length) {
			f.FillPolygon(band, []vg.Point{{X: x - 12, Y: y - 8}, {X: x + 12, Y: y - 8}, {X: x + 12, Y: y + 8}, {X: x - 12, Y: y + 8}})
		}, "default cell")
	}
	if f.outside {
		item(func(x vg.Length) {
			f.FillPolygon(grey, []vg.Point{{X: x + 6, Y: y}, {X: x - 6, Y: y + 7}, {X: x - 6, Y: y - 7}})
		}, "beyond this axis")
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
