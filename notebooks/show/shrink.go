package show

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
)

// inPalette is the share of a picture's pixels that a palette must hold exactly: of a plot the rest are the edges of lines and letters,
// which may take the nearest colour.
const inPalette = 0.97

// shrink encodes a picture anew in fewer bytes: sixty-four shades per channel suffice the eye, and where few colours make up the picture
// a palette holds them. What cannot be decoded stays as it is.
func shrink(picture []byte) []byte {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return picture
	}
	bounds := img.Bounds()
	rgb := image.NewNRGBA(bounds)
	pixels := map[color.NRGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := coarse(color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA))
			rgb.SetNRGBA(x, y, c)
			pixels[c]++
		}
	}
	var out image.Image = rgb
	if palette, ok := commonest(pixels, bounds.Dx()*bounds.Dy()); ok {
		out = indexed(rgb, palette)
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, out); err != nil || b.Len() >= len(picture) {
		return picture
	}
	return b.Bytes()
}

// commonest are the 256 commonest colours, and whether they make up the picture.
func commonest(pixels map[color.NRGBA]int, all int) (palette color.Palette, ok bool) {
	colours := slices.SortedFunc(maps.Keys(pixels), func(a, b color.NRGBA) int {
		return cmp.Or(pixels[b]-pixels[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	held := 0
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
		held += pixels[c]
	}
	return palette, float64(held) >= inPalette*float64(all)
}

// indexed draws a picture with a palette.
func indexed(rgb *image.NRGBA, palette color.Palette) *image.Paletted {
	out, index := image.NewPaletted(rgb.Bounds(), palette), map[color.NRGBA]uint8{}
	bounds := rgb.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := rgb.NRGBAAt(x, y)
			i, known := index[c]
			if !known {
				i = uint8(palette.Index(c))
				index[c] = i
			}
			out.SetColorIndex(x, y, i)
		}
	}
	return out
}

// coarse keeps six bits of every channel; black and white stay what they are.
func coarse(c color.NRGBA) color.NRGBA {
	step := func(v uint8) uint8 { return v&0xfc | v>>6 }
	return color.NRGBA{R: step(c.R), G: step(c.G), B: step(c.B), A: 0xff}
}
