package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"

	"golang.org/x/image/vp8l"
	"golang.org/x/image/webp"
)

// webpConfig also looks into the lossless picture behind an extended header, for the two may claim different sizes
// and webp.Decode compares them only after it has decoded.
func webpConfig(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	cfg, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return cfg, err
	}
	for id, chunk := range webPChunks(data) {
		switch id {
		case "ANIM":
			return cfg, errors.New("animated, want a still picture")
		case "VP8L":
			inner, err := vp8l.DecodeConfig(bytes.NewReader(chunk))
			if err == nil && (inner.Width != cfg.Width || inner.Height != cfg.Height) {
				err = fmt.Errorf("canvas = %d×%d, picture = %d×%d, want equal", cfg.Width, cfg.Height, inner.Width, inner.Height)
			}
			return cfg, err
		}
	}
	return cfg, nil // no lossless picture; Decode says what is wrong
}

// webPFrame is the first frame of an animated WebP as a still picture.
type webPFrame struct {
	still  []byte
	canvas image.Point
	at     image.Point // of the frame on the canvas
}

func firstWebPFrame(data []byte) (frame webPFrame, animated bool) {
	u24 := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
	for id, body := range webPChunks(data) {
		switch {
		case id == "VP8X" && len(body) >= 10 && body[0]&2 != 0:
			frame.canvas = image.Pt(u24(body[4:])+1, u24(body[7:])+1)
		case id == "ANMF" && len(body) >= 16 && frame.canvas.X > 0:
			// 3 bytes each of x/2, y/2, width−1, height−1, duration, and one of flags.
			frame.still, frame.at = stillWebP(body[6:12], body[16:]), image.Pt(2*u24(body), 2*u24(body[3:]))
			return frame, true
		}
	}
	return frame, false
}

// webPChunks gives names and contents, up to the first chunk that is cut off.
func webPChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(id string, body []byte) bool) {
		if !hasMagic(data, "RIFF????WEBP") {
			return
		}
		for at := 12; at+8 <= len(data); {
			size := int(binary.LittleEndian.Uint32(data[at+4:]))
			if size > len(data)-at-8 || !yield(string(data[at:at+4]), data[at+8:at+8+size]) {
				return
			}
			at += 8 + size + size%2
		}
	}
}

// stillWebP puts the chunks of a frame into a file of their own, of the frame's size.
func stillWebP(size, chunks []byte) []byte {
	var flags byte
	if bytes.HasPrefix(chunks, []byte("ALPH")) {
		flags = 0x10
	}
	body := append([]byte("WEBPVP8X\x0a\x00\x00\x00"), flags, 0, 0, 0)
	body = append(append(body, size...), chunks...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// fromPlanes gives the pixels of what webp.Decode returns: of a lossy picture they are planes, which it leaves in a narrower range than
// image.YCbCr means. Colour planes are widened (9:3:3:1 of the four nearest samples) and converted by the fixed point of libwebp.
func fromPlanes(m image.Image) *image.NRGBA {
	var planes image.YCbCr
	alpha := func(x, y int) uint8 { return 255 }
	switch m := m.(type) {
	case *image.NRGBA:
		return m
	case *image.YCbCr:
		planes = *m
	case *image.NYCbCrA:
		planes = m.YCbCr
		alpha = func(x, y int) uint8 { return m.A[m.AOffset(x, y)] }
	}
	rgb := image.NewNRGBA(planes.Rect)
	width, height := planes.Rect.Dx(), planes.Rect.Dy()
	w, h := (width+1)/2, (height+1)/2
	for y := range height {
		near := y / 2 * planes.CStride
		far := min(max(y/2-1+2*(y%2), 0), h-1) * planes.CStride
		luma, to := planes.Y[y*planes.YStride:], rgb.Pix[y*rgb.Stride:]
		for x := range width {
			i, j := x/2, min(max(x/2-1+2*(x%2), 0), w-1)
			cb := widened(planes.Cb, near+i, near+j, far+i, far+j)
			cr := widened(planes.Cr, near+i, near+j, far+i, far+j)
			l := int(luma[x]) * 19077 >> 8
			to[4*x] = clip14(l + cr*26149>>8 - 14234)
			to[4*x+1] = clip14(l - cb*6419>>8 - cr*13320>>8 + 8708)
			to[4*x+2] = clip14(l + cb*33050>>8 - 17685)
			to[4*x+3] = alpha(x, y)
		}
	}
	return rgb
}

// widened is (9a + 3b + 3c + d)/16 of the nearest sample a, its two neighbours and the one across, rounded in libwebp's two steps.
func widened(plane []uint8, a, b, c, d int) int {
	near, side, above, across := int(plane[a]), int(plane[b]), int(plane[c]), int(plane[d])
	diagonal := (near + side + above + across + 8 + 2*(side+above)) >> 3
	return (diagonal + near) >> 1
}

func clip14(v int) uint8 { return uint8(min(max(v>>6, 0), 255)) }
