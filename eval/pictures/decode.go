package pictures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"

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
	b, canvas := m.Bounds(), image.Rect(0, 0, e.Width, e.Height)
	frame := extractor.RGB{Width: b.Dx(), Height: b.Dy(), Pix: make([]uint8, b.Dx()*b.Dy()*3)}
	fill(frame, m)
	if b == canvas {
		return frame, nil
	}
	if !b.In(canvas) {
		return rgb, fmt.Errorf("%s: picture = %v, its header says %v", e.Format, b, canvas)
	}
	// The first frame of an animation may be smaller than the canvas.
	rgb = extractor.RGB{Width: e.Width, Height: e.Height, Pix: make([]uint8, e.Width*e.Height*3)}
	if p, ok := m.(*image.Paletted); ok {
		colour := palette(p)[e.beside]
		for i := range rgb.Pix {
			rgb.Pix[i] = colour[i%3]
		}
	}
	for y := range frame.Height {
		copy(rgb.Pix[3*((b.Min.Y+y)*e.Width+b.Min.X):], frame.Pix[3*y*frame.Width:3*(y+1)*frame.Width])
	}
	return rgb, nil
}

func fill(rgb extractor.RGB, m image.Image) {
	b := m.Bounds()
	each := func(pix []uint8, offset func(x, y int) int, convert func(to, from []uint8)) {
		for y := range rgb.Height {
			for x := range rgb.Width {
				convert(rgb.Pix[3*(y*rgb.Width+x):][:3], pix[offset(b.Min.X+x, b.Min.Y+y):])
			}
		}
	}
	grey := func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[0], from[0] }
	eight := func(to, from []uint8) { copy(to, from) }
	upper := func(to, from []uint8) { to[0], to[1], to[2] = from[0], from[2], from[4] } // bytes of 16-bit channels
	switch m := m.(type) {
	case *image.YCbCr:
		fillJPEG(rgb, m)
	case *image.Gray:
		each(m.Pix, m.PixOffset, grey)
	case *image.Gray16:
		each(m.Pix, m.PixOffset, grey)
	case *image.RGBA: // opaque, as decoders give it
		each(m.Pix, m.PixOffset, eight)
	case *image.NRGBA:
		each(m.Pix, m.PixOffset, eight)
	case *image.RGBA64:
		each(m.Pix, m.PixOffset, upper)
	case *image.NRGBA64:
		each(m.Pix, m.PixOffset, upper)
	case *image.CMYK:
		each(m.Pix, m.PixOffset, fromCMYK)
	case *image.Paletted:
		colours := palette(m)
		each(m.Pix, m.PixOffset, func(to, from []uint8) { copy(to, colours[from[0]][:]) })
	default:
		for i := range rgb.Width * rgb.Height {
			r, g, b, _ := m.At(b.Min.X+i%rgb.Width, b.Min.Y+i/rgb.Width).RGBA()
			rgb.Pix[3*i], rgb.Pix[3*i+1], rgb.Pix[3*i+2] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
		}
	}
}

// fromCMYK multiplies ink by what black leaves, rounded as a division by 255.
func fromCMYK(to, cmyk []uint8) {
	left := 255 - int(cmyk[3])
	for i := range 3 {
		t := int(cmyk[i])*left + 128
		to[i] = uint8(max(left-(t+t>>8)>>8, 0))
	}
}

// palette gives 256 colours without their alpha; a picture may use more indices than its palette has.
func palette(m *image.Paletted) (colours [256][3]uint8) {
	for i, c := range m.Palette {
		colours[i] = withoutAlpha(c)
	}
	return colours
}

// withoutAlpha gives the colour that a palette stores, also where it is transparent.
func withoutAlpha(c color.Color) [3]uint8 {
	if n, ok := c.(color.NRGBA); ok {
		return [3]uint8{n.R, n.G, n.B}
	}
	r, g, b, _ := c.RGBA()
	return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
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
