package plot

import (
	"image/color"
	"strings"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/addlab/addlab/internal/fold"
)

// sans is a font that package gonum.org/v1/plot brings along.
var sans = plotfont.Font{Typeface: "Liberation", Variant: "Sans"}

// style returns a text style whose anchor is the left end of the line, in the middle of its small letters.
func style(size vg.Length, c color.Color) text.Style {
	return text.Style{Font: plotfont.From(sans, size), Color: c, YAlign: draw.YCenter + 0.1, Handler: plot.DefaultTextHandler}
}

func bold(st text.Style) text.Style {
	st.Font.Weight = stdfont.WeightBold
	return st
}

func flushRight(st text.Style) text.Style {
	st.XAlign = draw.XRight
	return st
}

func wrap(st text.Style, width vg.Length, txt string) []string {
	return fold.Wrap(drawable(txt), func(line string) bool { return st.Width(line) <= width })
}

// cut leaves the given number of lines, with a sign where there were more.
func cut(lines []string, most int) []string {
	if len(lines) > most {
		lines = append(lines[:most-1:most-1], lines[most-1]+" …")
	}
	return lines
}

var substitutes = strings.NewReplacer("✓", "yes", "✗", "no", "∅", "Ø", "ℒ", "L", "∼", "~", "\u0302", "^")

// drawable replaces what the font cannot draw, by a likeness or else by a box.
func drawable(s string) string {
	face := plotfont.DefaultCache.Lookup(sans, 1).Face
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if glyph, err := face.GlyphIndex(&buf, r); r != '\n' && (err != nil || glyph == 0) {
			return '□'
		}
		return r
	}, substitutes.Replace(s))
}
