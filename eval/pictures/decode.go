package pictures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

// encoded is a picture file whose header was read.
type encoded struct {
	dataset.Encoded
	beside int // index of the colour beside the frame of a GIF
}

func readHeader(data []byte) (e encoded, err error) {
	if bytes.HasPrefix(data, []byte("GIF8")) {
		data, e.beside = showAll(data)
	}
	e.Encoded, err = dataset.ReadHeader(data)
	return e, err
}

// decode gives the pixels as Pillow's convert("RGB") does: alpha is dropped and the colours below it stay, grey is repeated,
// of 16 bits the upper 8 count, palettes are looked up, and of an animation the first frame is taken. Colour profiles, gamma and EXIF
// orientation are not applied.
func decode(e encoded) (rgb extractor.RGB, err error) {
	defer func() { // as in Encoded.Decode
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: damaged: %v", e.Format, r)
		}
	}()
	m, err := e.Decode()
	if err != nil {
		return rgb, err
	}
	canvas := image.NewRGBA(image.Rect(0, 0, e.Width, e.Height))
	if !m.Bounds().In(canvas.Rect) {
		return rgb, fmt.Errorf("%s: picture = %v, its header says %v", e.Format, m.Bounds(), canvas.Rect)
	}
	rgb = extractor.RGB{Width: e.Width, Height: e.Height, Pix: make([]uint8, e.Width*e.Height*3)}
	switch m := m.(type) {
	case *image.YCbCr:
		fillJPEG(rgb, m)
		return rgb, nil
	case *image.CMYK:
		for i := range e.Width * e.Height {
			fromCMYK(rgb.Pix[3*i:3*i+3], m.Pix[4*i:])
		}
		return rgb, nil
	case *image.NRGBA:
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
	case *image.NRGBA64:
		for i := 6; i < len(m.Pix); i += 8 {
			m.Pix[i], m.Pix[i+1] = 255, 255
		}
	case *image.Paletted:
		m.Palette = opaque(m.Palette)
		draw.Draw(canvas, canvas.Rect, image.NewUniform(m.Palette[e.beside]), image.Point{}, draw.Src)
	}
	draw.Draw(canvas, m.Bounds(), m, m.Bounds().Min, draw.Src) // the first frame of an animation may be smaller than the canvas
	for i := range e.Width * e.Height {
		copy(rgb.Pix[3*i:3*i+3], canvas.Pix[4*i:])
	}
	return rgb, nil
}

// fromCMYK multiplies ink by what black leaves, rounded as a division by 255.
func fromCMYK(to, cmyk []uint8) {
	left := 255 - int(cmyk[3])
	for i := range 3 {
		t := int(cmyk[i])*left + 128
		to[i] = uint8(max(left-(t+t>>8)>>8, 0))
	}
}

// opaque gives 256 colours as they are stored, without their alpha: a picture may use more indices than its palette has.
func opaque(palette color.Palette) color.Palette {
	all := slices.Repeat(color.Palette{color.NRGBA{A: 255}}, 256)
	for i, c := range palette {
		if n, ok := c.(color.NRGBA); ok {
			n.A = 255
			c = n
		}
		all[i] = c
	}
	return all
}

// showAll clears the mark of a transparent colour before the first frame of a GIF: image/gif would replace that colour by black. It
// gives the index of the colour that Pillow shows beside a frame smaller than the canvas: the transparent one, or else the first.
func showAll(data []byte) (shown []byte, beside int) {
	if len(data) < 13 {
		return data, 0
	}
	at := 13
	if data[10]&0x80 != 0 {
		at += 3 << (data[10]&7 + 1)
	}
	for at+8 <= len(data) && data[at] == 0x21 {
		if data[at+1] == 0xf9 && data[at+2] == 4 && data[at+3]&1 != 0 {
			data = bytes.Clone(data)
			data[at+3] &^= 1
			beside = int(data[at+6])
		}
		for at += 2; at < len(data) && data[at] != 0; {
			at += 1 + int(data[at])
		}
		at++
	}
	return data, beside
}
