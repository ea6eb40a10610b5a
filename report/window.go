package report

import (
	"math"
	"slices"
)

// window is a part of the plane of FID and CLIP score: lowest and highest of each.
type window struct{ x, y [2]float64 }

func (w window) area() float64 { return (w.x[1] - w.x[0]) * (w.y[1] - w.y[0]) }

func (w window) holds(p planePoint) bool {
	return w.x[0] <= p.x() && p.x() <= w.x[1] && w.y[0] <= p.y() && p.y() <= w.y[1]
}

// over reaches over a mean. Intervals may leave the picture: those of two seeds would press all means into one spot.
func (w window) over(p planePoint) window {
	return window{
		[2]float64{math.Min(w.x[0], p.x()), math.Max(w.x[1], p.x())},
		[2]float64{math.Min(w.y[0], p.y()), math.Max(w.y[1], p.y())},
	}
}

// spanning reaches over all means.
func spanning(points []planePoint) window {
	w := window{x: [2]float64{math.Inf(1), math.Inf(-1)}, y: [2]float64{math.Inf(1), math.Inf(-1)}}
	for _, p := range points {
		w = w.over(p)
	}
	return w
}

// wider leaves room around the means, and gives a side without extent one.
func (w window) wider() window {
	side := func(s [2]float64) [2]float64 {
		switch {
		case math.IsInf(s[0], 0):
			return [2]float64{0, 1}
		case s[0] == s[1]:
			pad := math.Max(math.Abs(s[0])/10, 1e-3)
			return [2]float64{s[0] - pad, s[1] + pad}
		}
		pad := 0.15 * (s[1] - s[0])
		return [2]float64{s[0] - pad, s[1] + pad}
	}
	return window{side(w.x), side(w.y)}
}

// better is the part of the plane that the better three quarters of the points by either number fill. It is told only where many points
// crowd in less than a quarter of what all of them fill.
func better(points []planePoint) (w window, crowded bool) {
	const many = 12
	if len(points) < many {
		return w, false
	}
	var x, y []float64
	for _, p := range points {
		x, y = append(x, p.x()), append(y, p.y())
	}
	slices.Sort(x)
	slices.Sort(y)
	last := len(points) - 1
	w = window{[2]float64{x[0], x[last*3/4]}, [2]float64{y[(last+3)/4], y[last]}}
	whole := window{[2]float64{x[0], x[last]}, [2]float64{y[0], y[last]}}
	return w, w.area() > 0 && w.area() < whole.area()/4
}
