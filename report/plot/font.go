package plot

import (
	"fmt"
	"strings"
	"sync"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
)

const typeface plotfont.Typeface = "Go"

// parsedFonts parses the Go fonts once; they are part of golang.org/x/image and need no file.
var parsedFonts = sync.OnceValues(func() ([2]*opentype.Font, error) {
	var fonts [2]*opentype.Font
	for i, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return fonts, fmt.Errorf("plot: parsing a Go font: %w", err)
		}
		fonts[i] = f
	}
	return fonts, nil
})

// newFace returns the regular face for drawing on pixels; it must not be shared between goroutines.
func newFace(size float64) (stdfont.Face, error) {
	fonts, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(fonts[0], &opentype.FaceOptions{Size: size, DPI: 72, Hinting: stdfont.HintingFull})
}

func newHandler() (text.Handler, error) {
	fonts, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	cache := plotfont.NewCache(plotfont.Collection{
		{Font: plotfont.Font{Typeface: typeface}, Face: fonts[0]},
		{Font: plotfont.Font{Typeface: typeface, Weight: stdfont.WeightBold}, Face: fonts[1]},
	})
	return text.Plain{Fonts: cache}, nil
}

var substitutes = strings.NewReplacer("✓", "yes", "✗", "no", "∅", "Ø", "ℒ", "L", "∼", "~", "\u0302", "^")

// drawable replaces what the Go fonts cannot draw, by a likeness or else by a box.
func drawable(s string) string {
	fonts, err := parsedFonts()
	if err != nil {
		return s
	}
	var buf sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if glyph, err := fonts[0].GlyphIndex(&buf, r); err != nil || glyph == 0 {
			return '□'
		}
		return r
	}, substitutes.Replace(s))
}
