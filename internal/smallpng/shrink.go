// Package smallpng encodes pictures in fewer bytes than the standard library does, for pages and notebooks.
package smallpng

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"slices"
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

// nearness is the greatest root mean square distance, of pixels from the palette's colours in RGB, that the eye lets pass.
const nearness = 5.0

// Encode writes an opaque picture in few bytes: sixty-four shades per channel suffice the eye, and where the 256 commonest colours come near
// enough to all, they are its palette.
func Encode(w io.Writer, img image.Image) error {
	bounds := img.Bounds()
	coarse := image.NewRGBA(bounds)
	draw.Draw(coarse, bounds, img, bounds.Min, draw.Src)
	var count [1 << 18]int
	var colours []color.RGBA
	for i := 0; i < len(coarse.Pix); i += 4 {
		pix := coarse.Pix[i : i+4]
		for k, v := range pix[:3] { // six bits of every channel; black and white stay what they are
			pix[k] = v&0xfc | v>>6
		}
		pix[3] = 0xff
		c := color.RGBA{pix[0], pix[1], pix[2], 0xff}
		if count[number(c)] == 0 {
			colours = append(colours, c)
		}
		count[number(c)]++
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int { return cmp.Or(count[number(b)]-count[number(a)], number(a)-number(b)) })
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	var index [1 << 18]uint8
	fault := 0
	for _, c := range colours {
		at := palette.Index(c)
		index[number(c)] = uint8(at)
		kept := palette[at].(color.RGBA)
		r, g, b := int(c.R)-int(kept.R), int(c.G)-int(kept.G), int(c.B)-int(kept.B)
		fault += count[number(c)] * (r*r + g*g + b*b)
	}
	if math.Sqrt(float64(fault)/float64(bounds.Dx()*bounds.Dy())) > nearness {
		return png.Encode(w, coarse) // the best compression takes ten times as long for a tenth of the bytes
	}
	small := image.NewPaletted(bounds, palette)
	for i := range small.Pix {
		small.Pix[i] = index[number(coarse.RGBAAt(bounds.Min.X+i%small.Stride, bounds.Min.Y+i/small.Stride))]
	}
	return png.Encode(w, small)
}

func number(c color.RGBA) int { return int(c.R>>2)<<12 | int(c.G>>2)<<6 | int(c.B>>2) }
