package pictures

import (
	"bytes"
	"image/color"
)

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
