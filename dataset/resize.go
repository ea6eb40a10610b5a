package dataset

import (
	"fmt"
	"image"

	"golang.org/x/image/draw"
)

// maxSize is the largest side a dataset is opened at.
const maxSize = 1024

func checkSize(size int) error {
	if size < 1 || size > maxSize {
		return fmt.Errorf("dataset: size = %d, want 1 … %d", size, maxSize)
	}
	return nil
}

// Fit brings a decoded picture to size×size: the shorter side becomes size and the centre is kept. Of no pixels it makes a white one.
func Fit(m image.Image, size int) Image { return toImage(fit(m, size), size) }

// fit resamples the central square of src to [size,size,3] bytes over white; a size×size picture is copied as it is.
// Catmull-Rom (bicubic, a = −½) widens with the scale, so that shrinking does not alias. Cropping first gives the same
// pixels as shrinking first, without a long intermediate for long pictures.
func fit(src image.Image, size int) []uint8 {
	b := src.Bounds()
	side := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))

	dst := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(dst, dst.Rect, image.White, image.Point{}, draw.Src)
	if side == size {
		draw.Draw(dst, dst.Rect, src, corner, draw.Over)
	} else {
		square := image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
		draw.CatmullRom.Scale(dst, dst.Rect, src, square, draw.Over, nil)
	}

	rgb := make([]uint8, 0, size*size*3)
	for p := dst.Pix; len(p) > 0; p = p[4:] {
		rgb = append(rgb, p[0], p[1], p[2])
	}
	return rgb
}
