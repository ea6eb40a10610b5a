package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sides of a point, the usual one first.
var sides = []vg.Point{{X: 1, Y: 1}, {X: 1, Y: 0}, {X: 1, Y: -1}, {X: 0, Y: -1}, {X: -1, Y: -1}, {X: -1, Y: 0}, {X: -1, Y: 1}, {X: 0, Y: 1}}

// labels finds places for short texts beside points, so that they cover neither points nor each other where there is room.
type labels struct{ taken []vg.Rectangle }

// avoid keeps a point free.
func (l *labels) avoid(at vg.Point, radius vg.Length) {
	l.taken = append(l.taken, around(at, 2*radius, 2*radius))
}

// place takes the place nearest to a point that covers least, and gives its middle; away tells that it lies so far from the point
// that a line should lead to it.
func (l *labels) place(at vg.Point, width, height vg.Length) (middle vg.Point, away bool) {
	best, found := math.Inf(1), vg.Rectangle{}
	for ring, gap := range []vg.Length{1, 14, 30, 48} {
		for _, side := range sides {
			m := vg.Point{X: at.X + side.X*(6+gap+width/2), Y: at.Y + side.Y*(6+gap+height/2)}
			box := around(m, width, height)
			if covered := l.covered(box); covered < best {
				best, found, middle, away = covered, box, m, ring > 0
			}
		}
		if best == 0 {
			break
		}
	}
	l.taken = append(l.taken, found)
	return middle, away
}

// covered is the area of what a box would hide.
func (l *labels) covered(box vg.Rectangle) (sum float64) {
	for _, t := range l.taken {
		w := min(box.Max.X, t.Max.X) - max(box.Min.X, t.Min.X)
		h := min(box.Max.Y, t.Max.Y) - max(box.Min.Y, t.Min.Y)
		if w > 0 && h > 0 {
			sum += float64(w * h)
		}
	}
	return sum
}

func around(m vg.Point, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: m.X - width/2, Y: m.Y - height/2}, Max: vg.Point{X: m.X + width/2, Y: m.Y + height/2}}
}

// number writes the number of a point where it covers least, and leads a line to it from further away.
func (s sheet) number(l *labels, at vg.Point, n int) {
	st, text := bold(s.style(15, ink)), strconv.Itoa(n)
	middle, away := l.place(at, st.Width(text), st.Font.Size)
	if away {
		s.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.8}, at.X, at.Y, middle.X, middle.Y)
	}
	s.put(st, middle.X-st.Width(text)/2, middle.Y, text)
}
