package smallpng

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

func TestShrunkPicturesLookTheSame(t *testing.T) {
	p := plot.New()
	line, err := plotter.NewLine(plotter.XYs{{X: 1, Y: 4}, {X: 2, Y: 2}, {X: 3, Y: 3}, {X: 4, Y: 1}})
	if err != nil {
		t.Fatal(err)
	}
	line.Color = color.RGBA{B: 200, A: 255}
	p.Title.Text = "A plot"
	p.Add(line)
	canvas := vgimg.New(400, 300)
	p.Draw(draw.New(canvas))
	photo := image.NewNRGBA(image.Rect(0, 0, 64, 64)) // more colours than a palette has
	for y := range 64 {
		for x := range 64 {
			photo.SetNRGBA(x, y, color.NRGBA{R: uint8(4 * x), G: uint8(4 * y), B: uint8(x * y), A: 255})
		}
	}
	for name, before := range map[string]image.Image{"plot": canvas.Image(), "photo": photo} {
		var file bytes.Buffer
		if err := png.Encode(&file, before); err != nil {
			t.Fatal(err)
		}
		picture := file.Bytes()
		small := Shrink(picture)
		if len(small) > len(picture) || name == "plot" && len(small) > len(picture)/2 {
			t.Errorf("%s: %d bytes of %d, want fewer, and half of a plot's at most", name, len(small), len(picture))
		}
		after, err := png.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if before.Bounds() != after.Bounds() {
			t.Fatalf("%s: bounds %v became %v", name, before.Bounds(), after.Bounds())
		}
		var sum float64
		for y := range before.Bounds().Dy() {
			for x := range before.Bounds().Dx() {
				r, g, b, _ := before.At(x, y).RGBA()
				u, v, w, _ := after.At(x, y).RGBA()
				for _, d := range []int{distance(r, u), distance(g, v), distance(b, w)} {
					sum += float64(d * d)
				}
			}
		}
		if rms := math.Sqrt(sum / float64(before.Bounds().Dx()*before.Bounds().Dy())); rms > nearness+2 {
			t.Errorf("%s: its pixels move by %.2f, want ≤ %.2f", name, rms, nearness+2)
		}
	}
	if got := Shrink([]byte("no picture")); string(got) != "no picture" {
		t.Errorf("what is no picture became %q", got)
	}
}

func distance(a, b uint32) int { return max(int(a>>8)-int(b>>8), int(b>>8)-int(a>>8)) }
