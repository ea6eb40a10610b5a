package dataset

import (
	"image"
	"image/color"
	"testing"
)

func TestFitKeepsConstantPicturesConstant(t *testing.T) {
	for _, side := range []image.Point{{1, 1}, {3, 7}, {31, 33}, {32, 32}, {200, 50}, {257, 1000}} {
		for _, size := range []int{1, 8, 32} {
			for i, v := range fit(halves(side.X, side.Y, blue, blue), size) {
				if want := []uint8{0, 0, 255}[i%3]; v != want {
					t.Fatalf("%v at %d: byte %d = %d, want %d", side, size, i, v, want)
				}
			}
		}
	}
}

func TestFitAntialiasesFineStripes(t *testing.T) {
	stripes := image.NewGray(image.Rect(0, 0, 256, 256))
	for i := range stripes.Pix {
		stripes.Pix[i] = uint8(i % 2 * 255)
	}
	rgb := fit(stripes, 16)
	for x := 2; x < 14; x++ {
		if v := rgb[(8*16+x)*3]; v < 125 || v > 130 {
			t.Errorf("column %d = %d, want the mean 127.5", x, v)
		}
	}
}

func TestFitKeepsTheCentre(t *testing.T) {
	// A blue square between red margins, for a wide and for a tall picture whose bounds do not start at zero.
	for _, b := range []image.Rectangle{image.Rect(5, 7, 5+64, 7+16), image.Rect(-9, 3, -9+16, 3+64)} {
		m := image.NewNRGBA(b)
		square := image.Rect(0, 0, 16, 16).Add(b.Min).Add(b.Size().Sub(image.Pt(16, 16)).Div(2))
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				if (image.Point{x, y}).In(square) {
					m.SetNRGBA(x, y, blue)
				} else {
					m.SetNRGBA(x, y, red)
				}
			}
		}
		for _, size := range []int{4, 16, 40} {
			for i, v := range fit(m, size) {
				if want := []uint8{0, 0, 255}[i%3]; v != want {
					t.Fatalf("%v at %d: byte %d = %d, want %d", b, size, i, v, want)
				}
			}
		}
	}
}

func TestFitCompositesBeforeMixing(t *testing.T) {
	// Invisible black beside white must not darken the edge when the picture shrinks.
	m := halves(64, 64, color.NRGBA{0, 0, 0, 0}, color.White)
	for i, v := range fit(m, 9) {
		if v != 255 {
			t.Fatalf("byte %d = %d, want 255", i, v)
		}
	}
}
