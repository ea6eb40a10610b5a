package report

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is a line beside a picture: the mark and number of a point, or a text alone.
type entry struct {
	mark draw.GlyphStyle // without a shape for a text alone
	n    int
	text string
}

func (e entry) String() string {
	if e.mark.Shape == nil {
		return e.text
	}
	return fmt.Sprintf("%d  %s", e.n, e.text)
}

// list writes entries below one another.
func (s sheet) list(entries []entry, x, y vg.Length) {
	for _, e := range entries {
		if e.mark.Shape != nil {
			s.DrawGlyphNoClip(e.mark, vg.Point{X: x, Y: y})
		}
		s.put(s.style(16, ink), x+18, y, e.String())
		y -= planeLine
	}
}
