package show

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// shrink encodes a picture anew in fewer bytes: sixty-four shades per channel suffice the eye, and where a palette comes near enough to all
// colours, it holds them. What cannot be decoded stays as it is.
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
	for _, count := range []int{32, 64, 128, 256} {
		if palette, near := reduce(pixels, count); near {
			out = indexed(rgb, palette)
			break
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, out); err != nil || b.Len() >= len(picture) {
		return picture
	}
	return b.Bytes()
}

// coarse keeps six bits of every channel; black and white stay what they are.
func coarse(c color.NRGBA) color.NRGBA {
	step := func(v uint8) uint8 { return v&0xfc | v>>6 }
	return color.NRGBA{R: step(c.R), G: step(c.G), B: step(c.B), A: 0xff}
}
