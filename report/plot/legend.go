package plot

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/eval"
)

// drawLegend explains, side by side, the marks that the figure really has.
func (f *figure) drawLegend(area draw.Canvas) {
	glyph := func(g draw.GlyphDrawer, c color.Color) plot.Thumbnailer {
		return &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: c, Radius: 7, Shape: g}}
	}
	line := func(dashes []vg.Length) plot.Thumbnailer {
		return &plotter.Line{LineStyle: draw.LineStyle{Color: blue, Width: 2.5, Dashes: dashes}}
	}
	item := func(shown bool, label string, marks ...plot.Thumbnailer) {
		if shown {
			l := plot.NewLegend()
			l.TextStyle.Font, l.TextStyle.Color = style(15, grey).Font, grey
			l.Left, l.ThumbnailWidth = true, 28
			l.Add(label, marks...)
			l.Draw(area)
			area.Min.X += l.Rectangle(area).Size().X + 34
		}
	}
	interval := slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return slices.ContainsFunc(pn.Values, eval.Estimate.HasInterval) })
	published := slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return pn.Published })
	item(interval, "mean and its 95 % interval", line(nil), glyph(draw.CircleGlyph{}, blue))
	item(interval && f.mixesSeeds(), "one seed: over its pictures", line(oneSeed), glyph(ring{}, blue))
	item(!interval, "mean, no interval known", glyph(draw.CircleGlyph{}, blue))
	item(published, "published value", glyph(draw.BoxGlyph{}, vermillion))
	item(len(f.References) > 0, "reference, dashed up through the cells", glyph(ring{}, grey))
	item(slices.ContainsFunc(f.rows, func(r DotRow) bool { return r.Default }), "default cell", &plotter.Polygon{Color: band})
	item(f.outside, "◄ ► beyond this axis")
}
