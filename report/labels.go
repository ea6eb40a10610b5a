package report

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// label is the number of a point.
type label struct {
	text          string
	at, middle    vg.Point // of the point, of the text
	width, height vg.Length
	colour        color.Color
	led           bool // a line leads to it
}

func (l label) box() vg.Rectangle { return around(l.middle, l.width, l.height) }

// labels finds places for the numbers of points: beside them, so that they cover nothing, or where that is not possible, or would leave
// open which point is meant, further away at the end of a line.
type labels struct {
	area   vg.Rectangle   // none leaves it
	points []vg.Point     // none covers them
	lines  []vg.Rectangle // intervals, which they had better not cover
	placed []label
}

const (
	pointRadius = 6
	labelRoom   = 3 // beside the text
)

// sweeps are how often all labels look for a better place, given those of the others.
const sweeps = 4

// What a place costs, in pixels of distance to the point.
const (
	costOutside   = 1000.
	costCovered   = 10. // for each square pixel of points and labels
	costLine      = 0.3 // for each square pixel of intervals
	costLed       = 6.
	costShort     = 20. // of a leading line too short to be seen
	costCrossing  = 30. // of two leading lines
	costPassing   = 40. // of a leading line over a point
	costUnderText = 60. // of a leading line under a label
)

// add asks for a place for the label of a point.
func (l *labels) add(c label) { l.placed = append(l.placed, c) }

// arrange gives every label its place: one after the other the best among those before it, then again among all.
func (l *labels) arrange() {
	wanted := l.placed
	l.placed = nil
	for i, c := range wanted {
		l.placed = append(l.placed, c)
		l.placed[i] = l.best(i)
	}
	for range sweeps {
		before := slices.Clone(l.placed)
		for i := range l.placed {
			l.placed[i] = l.best(i)
		}
		if slices.Equal(before, l.placed) {
			return
		}
	}
}

// best is label i at the place that costs least; to the upper right of its point where several do.
func (l *labels) best(i int) (best label) {
	least := math.Inf(1)
	const beside = 0
	for _, gap := range []vg.Length{beside, 10, 20, 32, 46, 62, 80, 100} {
		for turn := range 24 {
			angle := math.Pi * (0.25 - float64(turn)/12)
			x, y := vg.Length(math.Cos(angle)), vg.Length(math.Sin(angle))
			c := l.placed[i]
			reach := pointRadius + gap + vg.Length(math.Abs(float64(x)))*c.width/2 + vg.Length(math.Abs(float64(y)))*c.height/2
			c.middle = vg.Point{X: c.at.X + x*reach, Y: c.at.Y + y*reach}
			c.led = gap > beside || l.doubtful(c)
			cost := float64(gap) + l.cost(i, c)
			if c.led && gap == beside {
				cost += costShort
			}
			if cost < least-1e-9 {
				best, least = c, cost
			}
		}
	}
	return best
}

// doubtful tells that another point is nearly as near to a label as its own.
func (l *labels) doubtful(c label) bool {
	return slices.ContainsFunc(l.points, func(p vg.Point) bool {
		return distance(p, c.at) > 1 && distance(p, c.middle) < distance(c.at, c.middle)+pointRadius
	})
}

// cost is what speaks against label i standing where c does, besides the distance.
func (l *labels) cost(i int, c label) (sum float64) {
	box := c.box()
	if box.Min.X < l.area.Min.X || box.Min.Y < l.area.Min.Y || box.Max.X > l.area.Max.X || box.Max.Y > l.area.Max.Y {
		sum += costOutside
	}
	if c.led {
		sum += costLed
	}
	for _, p := range l.points {
		sum += costCovered * overlap(box, around(p, 2*pointRadius, 2*pointRadius))
		if c.led && distance(p, c.at) > pointRadius && crosses(c.at, c.middle, around(p, pointRadius, pointRadius)) {
			sum += costPassing
		}
	}
	for _, line := range l.lines {
		sum += costLine * overlap(box, line)
	}
	for j, other := range l.placed {
		if j == i {
			continue
		}
		sum += costCovered * overlap(box, other.box())
		if c.led && crosses(c.at, c.middle, other.box()) {
			sum += costUnderText
		}
		if other.led && crosses(other.at, other.middle, box) {
			sum += costUnderText
		}
		if c.led && other.led && meet(c.at, c.middle, other.at, other.middle) {
			sum += costCrossing
		}
	}
	return sum
}

// number asks for a label with the number of a point.
func (s sheet) number(l *labels, at vg.Point, n int, c color.Color) {
	st, number := s.numberStyle(), strconv.Itoa(n)
	l.add(label{text: number, at: at, width: st.Width(number) + 2*labelRoom, height: st.Font.Size + labelRoom, colour: c})
}

// leaders draws the lines that lead to labels, and clears the ground below those that stand on intervals.
func (s sheet) leaders(l labels) {
	for _, c := range l.placed {
		if c.led {
			s.StrokeLine2(draw.LineStyle{Color: c.colour, Width: 1.2}, c.at.X, c.at.Y, c.middle.X, c.middle.Y)
		}
	}
	for _, c := range l.placed {
		b := around(c.middle, c.width-labelRoom, c.height-labelRoom)
		if c.led || slices.ContainsFunc(l.lines, func(r vg.Rectangle) bool { return overlap(b, r) > 0 }) {
			s.FillPolygon(color.NRGBA{R: 255, G: 255, B: 255, A: 0xd8}, []vg.Point{b.Min, {X: b.Max.X, Y: b.Min.Y}, b.Max, {X: b.Min.X, Y: b.Max.Y}})
		}
	}
}

// numbers writes the labels.
func (s sheet) numbers(l labels) {
	st := s.numberStyle()
	for _, c := range l.placed {
		s.put(st, c.middle.X-st.Width(c.text)/2, c.middle.Y, c.text)
	}
}

func (s sheet) numberStyle() text.Style { return bold(s.style(15, ink)) }
