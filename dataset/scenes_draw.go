package dataset

import "math"

type named struct {
	Name string
	RGB  [3]float64 // 0…1
}

// The vocabulary of the world.
var (
	Shapes      = []string{"square", "triangle", "star", "ring"}
	Sizes       = []string{"small", "large"}
	Colors      = []named{{"red", [3]float64{.86, .13, .13}}, {"orange", [3]float64{.96, .55, .10}}, {"yellow", [3]float64{.95, .87, .18}}, {"green", [3]float64{.16, .66, .25}}, {"blue", [3]float64{.17, .33, .88}}, {"purple", [3]float64{.60, .22, .74}}}
	Backgrounds = []named{{"black", [3]float64{.06, .06, .06}}, {"gray", [3]float64{.50, .50, .50}}, {"white", [3]float64{.94, .94, .94}}}
)

// Draw renders the scene with anti-aliased edges.
func (s Scene) Draw(size int) Image {
	img := Image{Size: size, Pix: make([]float32, size*size*3)}
	background := shade(Backgrounds[s.Background].RGB, s.Tint)
	for y := range size {
		for x := range size {
			rgb := background
			px, py := (float64(x)+.5)/float64(size), (float64(y)+.5)/float64(size)
			for _, o := range s.Objects {
				if reach := o.Radius + 1/float64(size); math.Abs(px-o.X) > reach || math.Abs(py-o.Y) > reach {
					continue // far outside of every shape
				}
				distance := shapeDistance(o.Shape, (px-o.X)/o.Radius, (py-o.Y)/o.Radius) * o.Radius * float64(size)
				cover := min(max(.5-distance, 0), 1) // share of the pixel inside
				if cover == 0 {
					continue
				}
				color := shade(Colors[o.Color].RGB, o.Tint)
				for c := range rgb {
					rgb[c] += cover * (color[c] - rgb[c])
				}
			}
			for c := range rgb {
				img.Pix[(y*size+x)*3+c] = float32(2*rgb[c] - 1)
			}
		}
	}
	return img
}

func shade(rgb, tint [3]float64) [3]float64 {
	for i := range rgb {
		rgb[i] = min(max(rgb[i]+tint[i], 0), 1)
	}
	return rgb
}

// shapeDistance is the signed distance from (x,y) to the edge of a shape of radius 1 around the origin, negative inside; y points down.
func shapeDistance(shape int, x, y float64) float64 {
	switch Shapes[shape] {
	case "square":
		return max(math.Abs(x), math.Abs(y)) - .86
	case "ring":
		return math.Abs(math.Hypot(x, y)-.72) - .28
	case "triangle":
		return polygonDistance(trianglePoints, x, y)
	default:
		return polygonDistance(starPoints, x, y)
	}
}

var (
	trianglePoints = [][2]float64{{0, -1}, {1, .8}, {-1, .8}}
	starPoints     = star(5, 1, .42)
)

func star(points int, outer, inner float64) (p [][2]float64) {
	for i := range 2 * points {
		r := outer
		if i%2 == 1 {
			r = inner
		}
		a := math.Pi * float64(i) / float64(points)
		p = append(p, [2]float64{r * math.Sin(a), -r * math.Cos(a)})
	}
	return p
}

// polygonDistance is the signed distance to a closed polygon: the nearest edge, with the sign of the winding test.
func polygonDistance(p [][2]float64, x, y float64) float64 {
	best, inside := math.Inf(1), false
	for i := range p {
		a, b := p[i], p[(i+1)%len(p)]
		ex, ey, wx, wy := b[0]-a[0], b[1]-a[1], x-a[0], y-a[1]
		t := min(max((wx*ex+wy*ey)/(ex*ex+ey*ey), 0), 1)
		best = min(best, math.Hypot(wx-t*ex, wy-t*ey))
		if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			inside = !inside
		}
	}
	if inside {
		return -best
	}
	return best
}
