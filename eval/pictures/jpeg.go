package pictures

import (
	"image"

	"github.com/addlab/addlab/eval/extractor"
)

// fillJPEG widens the halved colour planes of a JPEG with the triangle filter and converts them with the 16-bit fixed point of libjpeg,
// which Pillow, OpenCV and torchvision decode with. image.YCbCr's own conversion repeats colours and would differ by dozens of levels at
// edges.
func fillJPEG(rgb extractor.RGB, m *image.YCbCr) {
	cb := make([]uint8, rgb.Width+2)
	cr := make([]uint8, rgb.Width+2)
	up := newUpsampler(m, rgb.Width, rgb.Height)
	for y := range rgb.Height {
		up.row(cb, m.Cb, y)
		up.row(cr, m.Cr, y)
		luma, to := m.Y[y*m.YStride:], rgb.Pix[3*y*rgb.Width:]
		for x := range rgb.Width {
			l, b, r := int(luma[x]), int(cb[x])-128, int(cr[x])-128
			to[3*x] = clip8(l + (91881*r+32768)>>16)
			to[3*x+1] = clip8(l + (-22554*b-46802*r+32768)>>16)
			to[3*x+2] = clip8(l + (116130*b+32768)>>16)
		}
	}
}

func clip8(v int) uint8 { return uint8(min(max(v, 0), 255)) }

// upsampler brings rows of a colour plane to the picture's width.
type upsampler struct {
	stride, width, height  int // of the plane
	across, down           int // pixels per sample
	smoothAcross, smoothUp bool
	sums                   []int
}

func newUpsampler(m *image.YCbCr, width, height int) *upsampler {
	u := &upsampler{stride: m.CStride, across: 1, down: 1}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		u.across = 2
	case image.YCbCrSubsampleRatio420:
		u.across, u.down = 2, 2
	case image.YCbCrSubsampleRatio440:
		u.down = 2
	case image.YCbCrSubsampleRatio411:
		u.across = 4
	case image.YCbCrSubsampleRatio410:
		u.across, u.down = 4, 2
	}
	u.width, u.height = (width+u.across-1)/u.across, (height+u.down-1)/u.down
	// libjpeg smooths halves only, and where it smooths across, only planes wider than two samples.
	u.smoothAcross = u.across == 2 && u.width > 2
	u.smoothUp = u.down == 2 && (u.smoothAcross || u.across == 1)
	u.sums = make([]int, u.width)
	return u
}

// row fills the samples of picture row y. to has room for a whole last pair.
func (u *upsampler) row(to, plane []uint8, y int) {
	near := plane[y/u.down*u.stride:]
	if !u.smoothAcross && !u.smoothUp {
		for x := range to {
			to[x] = near[min(x/u.across, u.width-1)]
		}
		return
	}

	// Three parts of the nearer row and one of the farther one; the rounding alternates so that no half is always rounded up.
	scale := 1
	for i := range u.width {
		u.sums[i] = int(near[i])
	}
	if u.smoothUp {
		other := y/u.down - 1 + 2*(y%u.down)
		far := plane[min(max(other, 0), u.height-1)*u.stride:]
		for i := range u.width {
			u.sums[i] = 3*u.sums[i] + int(far[i])
		}
		scale = 4
	}
	if !u.smoothAcross {
		for i := range u.width {
			to[i] = uint8((u.sums[i] + 1 + y%2) >> 2)
		}
		return
	}
	shift, left, right := 2, 1, 2
	if scale == 4 {
		shift, left, right = 4, 8, 7
	}
	last := u.width - 1
	for i, s := range u.sums {
		before, after := s, s // at the edges the sample itself counts four times
		if i > 0 {
			before = u.sums[i-1]
		}
		if i < last {
			after = u.sums[i+1]
		}
		if 2*i < len(to) {
			to[2*i] = uint8((3*s + before + left) >> shift)
		}
		if 2*i+1 < len(to) {
			to[2*i+1] = uint8((3*s + after + right) >> shift)
		}
	}
}
