package pretrain

import "math/rand/v2"

const (
	cropMin, cropMax = 0.5, 0.8 // side of a local view, of the picture's side

	// A global view has masked patches with probability maskedViews, from maskMin to maskMax of them (iBOT §3.3).
	maskedViews      = 0.5
	maskMin, maskMax = 0.1, 0.5
)

// drawCrops returns a random square of every picture [B,S,S,3], enlarged to the whole size.
func drawCrops(r *rand.Rand, images []float32, size int) []float32 {
	out := make([]float32, len(images))
	area := size * size * 3
	for start := 0; start < len(images); start += area {
		side := cropMin + (cropMax-cropMin)*r.Float64()
		left, top := r.Float64()*(1-side)*float64(size), r.Float64()*(1-side)*float64(size)
		in := images[start : start+area]
		for y := range size {
			for x := range size {
				rgb := sampleBilinear(in, size, left+side*(float64(x)+0.5)-0.5, top+side*(float64(y)+0.5)-0.5)
				copy(out[start+(y*size+x)*3:], rgb[:])
			}
		}
	}
	return out
}

// drawPatchMasks marks patches of some of the pictures: flat [B,N].
func drawPatchMasks(r *rand.Rand, batch, patches int) []float32 {
	mask := make([]float32, batch*patches)
	for i := range batch {
		if r.Float64() >= maskedViews {
			continue
		}
		share := maskMin + (maskMax-maskMin)*r.Float64()
		for _, j := range r.Perm(patches)[:max(1, int(share*float64(patches)))] {
			mask[i*patches+j] = 1
		}
	}
	return mask
}
