package dataset

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// areas of the shapes of radius 1, by geometry.
var areas = map[string]float64{
	"square":   math.Pow(2*.86, 2),
	"triangle": 2 * 1.8 / 2,
	"star":     5 * 1 * .42 * math.Sin(math.Pi/5),
	"ring":     math.Pi * (1 - math.Pow(.44, 2)),
}

// covered is the area of what a lone shape covers, in pixels, from how far they are from black to white.
func covered(o Object, size int) (area float64, partly int) {
	s := Scene{Objects: []Object{o}}
	s.Objects[0].Tint, s.Tint = [3]float64{1, 1, 1}, [3]float64{-1, -1, -1} // white on black
	img := s.Draw(size)
	for i := 0; i < len(img.Pix); i += 3 {
		cover := (float64(img.Pix[i]) + 1) / 2
		area += cover
		if cover > 0.02 && cover < 0.98 {
			partly++
		}
	}
	return area, partly
}

// A pixel on the edge is as bright as the share of it that is inside, so a shape covers its area wherever it lies.
func TestEdgesAreAntialiased(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for shape, name := range Shapes {
		for _, radius := range []float64{.165, .235} {
			const size = 32
			want := areas[name] * radius * radius * size * size
			var mean float64
			const places = 20
			for range places {
				o := Object{Shape: shape, X: .5 + .1*(r.Float64()-.5), Y: .5 + .1*(r.Float64()-.5), Radius: radius}
				area, partly := covered(o, size)
				mean += area / places
				if math.Abs(area/want-1) > .08 {
					t.Errorf("%s at (%.3f, %.3f) covers %.1f pixels, want %.1f", name, o.X, o.Y, area, want)
				}
				if partly < int(2*math.Pi*radius*size/2) { // half of a circle's edge
					t.Errorf("%s of radius %.2f has %d pixels partly covered, want an edge of them", name, radius, partly)
				}
			}
			if math.Abs(mean/want-1) > .04 {
				t.Errorf("%s of radius %.2f covers %.1f pixels on average, want %.1f", name, radius, mean, want)
			}
		}
	}
}

// A distance to an edge cannot change faster than the place does, and is negative inside only.
func TestShapeDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	point := func() (x, y float64) { return 3 * (r.Float64() - .5), 3 * (r.Float64() - .5) }
	for shape, name := range Shapes {
		inside, n := 0, 20_000
		for range n {
			x, y := point()
			dx, dy := .1*(r.Float64()-.5), .1*(r.Float64()-.5)
			a, b := shapeDistance(shape, x, y), shapeDistance(shape, x+dx, y+dy)
			if math.Abs(a-b) > math.Hypot(dx, dy)+1e-12 {
				t.Fatalf("%s: distance changes by %g over %g", name, math.Abs(a-b), math.Hypot(dx, dy))
			}
			if a < 0 {
				inside++
			}
			if mirrored := shapeDistance(shape, -x, y); math.Abs(a-mirrored) > 1e-9 {
				t.Fatalf("%s is not symmetric at (%g, %g): %g and %g", name, x, y, a, mirrored)
			}
		}
		share := areas[name] / 9
		if got := float64(inside) / float64(n); math.Abs(got-share) > 4*math.Sqrt(share*(1-share)/float64(n)) { // 4 σ
			t.Errorf("%s: share of points inside = %.4f, want %.4f", name, got, share)
		}
	}
}

func TestDrawPutsNamedColorsInTheirPlaces(t *testing.T) {
	scene := Scene{Background: 2, Arrangement: Row, Objects: []Object{
		{Shape: 1, Color: 0, X: .25, Y: .5, Radius: .2}, // red triangle
		{Shape: 0, Color: 4, X: .75, Y: .5, Radius: .2}, // blue square
	}}
	img := scene.Draw(32)
	if img.Size != 32 || len(img.Pix) != 32*32*3 {
		t.Fatalf("size = %d with %d values", img.Size, len(img.Pix))
	}
	for _, at := range []struct {
		what string
		x, y int
		want [3]float64
	}{
		{"triangle", 8, 16, Colors[0].RGB}, {"square", 24, 16, Colors[4].RGB}, {"corner of the square", 28, 12, Colors[4].RGB},
		{"beside the triangle's top", 2, 10, Backgrounds[2].RGB}, {"between", 16, 16, Backgrounds[2].RGB}, {"edge", 0, 31, Backgrounds[2].RGB},
	} {
		for c, want := range at.want {
			if got := img.Pix[(at.y*32+at.x)*3+c]; math.Abs(float64(got)-(2*want-1)) > 1e-6 {
				t.Errorf("%s: channel %d = %g, want %g", at.what, c, got, 2*want-1)
			}
		}
	}
}

func TestPixelsStayWithinTheirRange(t *testing.T) {
	for _, name := range splitNames {
		for i := range 50 {
			s, err := world(t, 3).Split(name).Sample(i)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range s.Image.Pix {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("%s: value %d of picture %d = %g, want within [-1,1]", name, k, i, v)
				}
			}
		}
	}
}

// golden are 24 scenes: 12 to train on, 6 novel ones, and 6 of the world with three objects.
func golden(t *testing.T) (*image.RGBA, string) {
	t.Helper()
	const size, columns = 32, 6
	img, text := image.NewRGBA(image.Rect(0, 0, columns*size, 4*size)), ""
	var samples []Sample
	add := func(maxObjects int, split string, n int) {
		cfg := DefaultScenes()
		cfg.Size, cfg.MaxObjects = size, maxObjects
		source := (&Scenes{Config: cfg}).Split(split)
		for i := range n {
			s, err := source.Sample(i)
			if err != nil {
				t.Fatal(err)
			}
			samples, text = append(samples, s), text+fmt.Sprintf("%s %d, up to %d objects: %s\n", split, i, maxObjects, s.Caption)
		}
	}
	add(2, "train", 12)
	add(2, "novel", 6)
	add(3, "all", 6)
	for i, s := range samples {
		for k := range size * size {
			p := s.Image.Pix[3*k:]
			level := func(v float32) uint8 { return uint8(math.Round(float64(v+1) / 2 * 255)) }
			img.SetRGBA(i%columns*size+k%size, i/columns*size+k/size, color.RGBA{R: level(p[0]), G: level(p[1]), B: level(p[2]), A: 255})
		}
	}
	return img, text
}

// The shipped weights know this world. Who changes it, changes scenesVersion and trains again.
func TestScenesStayWhatTheyWere(t *testing.T) {
	img, text := golden(t)
	picture, list := filepath.Join("testdata", "scenes.png"), filepath.Join("testdata", "scenes.txt")
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		for path, data := range map[string][]byte{picture: b.Bytes(), list: []byte(text)} {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}

	want, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("captions (-want +got):\n%s", diff)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoded, err := png.Decode(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	if decoded.Bounds() != img.Bounds() {
		t.Fatalf("bounds %v, want %v", img.Bounds(), decoded.Bounds())
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			g, w := img.RGBAAt(x, y), color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA)
			// Processors round sums of products differently.
			if max(channelsApart(g.R, w.R), channelsApart(g.G, w.G), channelsApart(g.B, w.B)) > 1 {
				t.Fatalf("pixel (%d,%d) is %v, want %v", x, y, g, w)
			}
		}
	}
}

func channelsApart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
