package report

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// around is the rectangle around a middle.
func around(m vg.Point, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: m.X - width/2, Y: m.Y - height/2}, Max: vg.Point{X: m.X + width/2, Y: m.Y + height/2}}
}

func distance(a, b vg.Point) vg.Length {
	return vg.Length(math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)))
}

// overlap is the area that two rectangles share.
func overlap(a, b vg.Rectangle) float64 {
	w := min(a.Max.X, b.Max.X) - max(a.Min.X, b.Min.X)
	h := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
	return float64(max(w, 0) * max(h, 0))
}

// crosses tells whether the line from a to b touches a rectangle (Liang and Barsky's clipping).
func crosses(a, b vg.Point, box vg.Rectangle) bool {
	enter, leave := vg.Length(0), vg.Length(1)
	for _, side := range []struct{ from, to, low, high vg.Length }{
		{a.X, b.X, box.Min.X, box.Max.X}, {a.Y, b.Y, box.Min.Y, box.Max.Y},
	} {
		if side.from == side.to {
			if side.from < side.low || side.from > side.high {
				return false
			}
			continue
		}
		first, last := (side.low-side.from)/(side.to-side.from), (side.high-side.from)/(side.to-side.from)
		enter, leave = max(enter, min(first, last)), min(leave, max(first, last))
	}
	return enter <= leave
}

// meet tells whether the lines from a to b and from c to d cross.
func meet(a, b, c, d vg.Point) bool {
	side := func(p, q, r vg.Point) vg.Length { return (q.X-p.X)*(r.Y-p.Y) - (q.Y-p.Y)*(r.X-p.X) }
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}
