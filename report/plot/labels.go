package plot

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// label is the number of a point: beside it, or at the end of a line where there is no room.
type label struct {
	text   string
	at     vg.Point // of the point
	box    vg.Rectangle
	colour color.Color
	led    bool
}

const (
	pointRadius = 6
	labelRoom   = 3   // beside the text
	costCovered = 10. // for each square pixel of points and labels, in pixels of distance
)

// place puts the label of size width × height where it covers least and is nearest, to the upper right where several places are equal.
func place(l label, width, height vg.Length, area vg.Rectangle, points []vg.Point, placed []label) label {
	best, least := l, math.Inf(1)
	for _, gap := range []vg.Length{0, 12, 26, 44, 66} {
		for turn := range 16 {
			angle := math.Pi * (0.25 - float64(turn)/8)
			x, y := vg.Length(math.Cos(angle)), vg.Length(math.Sin(angle))
			reach := pointRadius + gap + vg.Length(math.Abs(float64(x)))*width/2 + vg.Length(math.Abs(float64(y)))*height/2
			c := l
			c.box, c.led = around(vg.Point{X: l.at.X + x*reach, Y: l.at.Y + y*reach}, width, height), gap > 0
			if overlap(c.box, area) < float64(width*height)-1 {
				continue
			}
			cost := float64(gap)
			for _, p := range points {
				cost += costCovered * overlap(c.box, around(p, 2*pointRadius, 2*pointRadius))
			}
			for _, other := range placed {
				cost += costCovered * overlap(c.box, other.box)
			}
			if cost < least-1e-9 {
				best, least = c, cost
			}
		}
	}
	return best
}

// around is the rectangle around a middle.
func around(m vg.Point, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: m.X - width/2, Y: m.Y - height/2}, Max: vg.Point{X: m.X + width/2, Y: m.Y + height/2}}
}

// overlap is the area that two rectangles share.
func overlap(a, b vg.Rectangle) float64 {
	w := min(a.Max.X, b.Max.X) - max(a.Min.X, b.Min.X)
	h := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
	return float64(max(w, 0) * max(h, 0))
}

// number finds a place for the number of a point.
func (s sheet) number(placed []label, n int, at vg.Point, c color.Color, area vg.Rectangle, points []vg.Point) []label {
	st, number := s.numberStyle(), strconv.Itoa(n)
	return append(placed, place(label{text: number, at: at, colour: c}, st.Width(number)+2*labelRoom, st.Font.Size+labelRoom, area, points, slices.Clone(placed)))
}

// numbers writes the labels and the lines that lead to them.
func (s sheet) numbers(placed []label) {
	st := s.numberStyle()
	for _, l := range placed {
		middle := vg.Point{X: (l.box.Min.X + l.box.Max.X) / 2, Y: (l.box.Min.Y + l.box.Max.Y) / 2}
		if l.led {
			s.StrokeLine2(draw.LineStyle{Color: l.colour, Width: 1.2}, l.at.X, l.at.Y, middle.X, middle.Y)
			s.FillPolygon(color.White, []vg.Point{l.box.Min, {X: l.box.Max.X, Y: l.box.Min.Y}, l.box.Max, {X: l.box.Min.X, Y: l.box.Max.Y}})
		}
		s.put(st, middle.X-st.Width(l.text)/2, middle.Y, l.text)
	}
}

func (s sheet) numberStyle() text.Style { return bold(s.style(15, ink)) }
