package pictures

import (
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
