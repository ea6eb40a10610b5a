package pictures

import (
	"bytes"
	"encoding/binary"
	"image"

	"github.com/addlab/addlab/eval/extractor"
)

// fillWebP widens the colour planes of a lossy WebP (9:3:3:1 of the four nearest samples) and converts its narrow range with the fixed
// point of libwebp.
func fillWebP(rgb extractor.RGB, m *image.YCbCr) {
	w, h := (rgb.Width+1)/2, (rgb.Height+1)/2
	for y := range rgb.Height {
		near := y / 2 * m.CStride
		far := min(max(y/2-1+2*(y%2), 0), h-1) * m.CStride
		luma, to := m.Y[y*m.YStride:], rgb.Pix[3*y*rgb.Width:]
		for x := range rgb.Width {
			i, j := x/2, min(max(x/2-1+2*(x%2), 0), w-1)
			cb := widened(m.Cb, near+i, near+j, far+i, far+j)
			cr := widened(m.Cr, near+i, near+j, far+i, far+j)
			l := int(luma[x]) * 19077 >> 8
			to[3*x] = clip14(l + cr*26149>>8 - 14234)
			to[3*x+1] = clip14(l - cb*6419>>8 - cr*13320>>8 + 8708)
			to[3*x+2] = clip14(l + cb*33050>>8 - 17685)
		}
	}
}

// widened is (9a + 3b + 3c + d)/16 of the nearest sample a, its two neighbours and the one across, rounded in libwebp's two steps.
func widened(plane []uint8, a, b, c, d int) int {
	near, side, above, across := int(plane[a]), int(plane[b]), int(plane[c]), int(plane[d])
	diagonal := (near + side + above + across + 8 + 2*(side+above)) >> 3
	return (diagonal + near) >> 1
}

// clip14 takes 8 bits of a value with 6 bits behind the point.
func clip14(v int) uint8 { return clip8(v >> 6) }

// firstWebPFrame makes a still picture of the first frame of an animation that covers its canvas; nil where there is none.
func firstWebPFrame(data []byte) []byte {
	if len(data) < 30 || string(data[:4]) != "RIFF" || string(data[8:16]) != "WEBPVP8X" || data[20]&2 == 0 {
		return nil
	}
	canvas := data[24:30]
	for at := 12; at+8 <= len(data); {
		id, size := string(data[at:at+4]), int(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		if size > len(body) {
			return nil
		}
		body = body[:size]
		if id == "ANMF" {
			// 3 bytes each of x/2, y/2, width−1, height−1, duration, and one of flags.
			if size < 16 || !bytes.Equal(body[:6], make([]byte, 6)) || !bytes.Equal(body[6:12], canvas) {
				return nil
			}
			return stillWebP(canvas, body[16:])
		}
		at += 8 + size + size%2
	}
	return nil
}

// stillWebP puts the chunks of a frame into a file of their own.
func stillWebP(canvas, chunks []byte) []byte {
	var flags byte
	if bytes.HasPrefix(chunks, []byte("ALPH")) {
		flags = 0x10
	}
	body := append([]byte("WEBPVP8X\x0a\x00\x00\x00"), flags, 0, 0, 0)
	body = append(append(body, canvas...), chunks...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}
