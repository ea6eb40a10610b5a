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
	interval := slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return slices.ContainsFunc(pn.Values, eval.Estimate.HasInterval) })
	for _, item := range []struct {
		shown bool
		label string
		marks []plot.Thumbnailer
	}{
		{interval, "mean and its 95 % interval", []plot.Thumbnailer{line(nil), glyph(draw.CircleGlyph{}, blue)}},
		{interval && f.mixesSeeds(), "one seed: over its pictures", []plot.Thumbnailer{line(oneSeed), glyph(ring{}, blue)}},
		{!interval, "mean, no interval known", []plot.Thumbnailer{glyph(draw.CircleGlyph{}, blue)}},
		{slices.ContainsFunc(f.Panels, func(pn DotPanel) bool { return pn.Published }), "published value", []plot.Thumbnailer{glyph(draw.BoxGlyph{}, vermillion)}},
		{len(f.References) > 0, "reference, dashed up through the cells", []plot.Thumbnailer{glyph(ring{}, grey)}},
		{slices.ContainsFunc(f.rows, func(r DotRow) bool { return r.Default }), "default cell", []plot.Thumbnailer{&plotter.Polygon{Color: band}}},
		{f.outside, "◄ ► beyond this axis", nil},
	} {
		if item.shown {
			l := plot.NewLegend()
			l.TextStyle.Font, l.TextStyle.Color = style(15, grey).Font, grey
			l.Left, l.ThumbnailWidth = true, 28
			l.Add(item.label, item.marks...)
			l.Draw(area)
			area.Min.X += l.Rectangle(area).Size().X + 34
		}
	}
}
