package pictures

import (
	"bytes"
	"image/color"
)

const gifFormat = "GIF"

// format guesses from the first bytes.
func format(data []byte) string {
	if bytes.HasPrefix(data, []byte("GIF8")) {
		return gifFormat
	}
	return ""
}

// withoutAlpha gives the colour that a palette stores, also where it is transparent.
func withoutAlpha(c interface{ RGBA() (r, g, b, a uint32) }) [3]uint8 {
	if n, ok := c.(color.NRGBA); ok {
		return [3]uint8{n.R, n.G, n.B}
	}
	r, g, b, _ := c.RGBA()
	return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}

// showAll clears the mark of a transparent colour before the first frame of a GIF: image/gif would replace that colour by black.
func showAll(data []byte) []byte {
	if len(data) < 13 {
		return data
	}
	at := 13
	if data[10]&0x80 != 0 {
		at += 3 << (data[10]&7 + 1)
	}
	for at+8 <= len(data) && data[at] == 0x21 {
		if data[at+1] == 0xf9 && data[at+2] == 4 && data[at+3]&1 != 0 {
			data = bytes.Clone(data)
			data[at+3] &^= 1
		}
		for at += 2; at < len(data) && data[at] != 0; {
			at += 1 + int(data[at])
		}
		at++
	}
	return data
}
