// Package smallpng encodes pictures in fewer bytes than the standard library does, for pages and notebooks.
package smallpng

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
)

// Shrink encodes a picture anew in fewer bytes. What cannot be decoded, or has a palette already, stays as it is.
func Shrink(picture []byte) []byte {
	img, err := png.Decode(bytes.NewReader(picture))
	if _, done := img.(*image.Paletted); err != nil || done {
		return picture
	}
	var b bytes.Buffer
	if err := Encode(&b, img); err != nil || b.Len() >= len(picture) {
		return picture
	}
	return b.Bytes()
}

// Encode writes an opaque picture in few bytes: sixty-four shades per channel suffice the eye, and where a palette comes near enough to all
// colours, it holds them.
func Encode(w io.Writer, img image.Image) error {
	bounds := img.Bounds()
	rgb := image.NewRGBA(bounds)
	draw.Draw(rgb, bounds, img, bounds.Min, draw.Src)
	var counts [1 << 18]int // of each coarse colour
	for i := 0; i < len(rgb.Pix); i += 4 {
		pix := rgb.Pix[i : i+4]
		c := coarse(color.NRGBA{R: pix[0], G: pix[1], B: pix[2]})
		pix[0], pix[1], pix[2], pix[3] = c.R, c.G, c.B, c.A
		counts[number(c)]++
	}
	pixels := map[color.NRGBA]int{}
	for n, count := range counts {
		if count > 0 {
			pixels[coarse(color.NRGBA{R: uint8(n >> 12 << 2), G: uint8(n >> 6 << 2), B: uint8(n << 2)})] = count
		}
	}
	// The best compression takes ten times as long for a tenth of the bytes.
	if palette, near := reduce(pixels); near {
		return png.Encode(w, indexed(rgb, palette))
	}
	return png.Encode(w, rgb)
}

// coarse keeps six bits of every channel; black and white stay what they are.
func coarse(c color.NRGBA) color.NRGBA {
	step := func(v uint8) uint8 { return v&0xfc | v>>6 }
	return color.NRGBA{R: step(c.R), G: step(c.G), B: step(c.B), A: 0xff}
}

// number counts coarse colours from 0 to 64³−1.
func number(c color.NRGBA) int { return int(c.R>>2)<<12 | int(c.G>>2)<<6 | int(c.B>>2) }
