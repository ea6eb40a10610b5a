package pretrain

import "math/rand/v2"

// drawView returns a changed copy of pictures [B,S,S,3]: each is moved by up to an eighth of its side and bent by up to a tenth
// (edges repeated), has its brightness, contrast and saturation changed, sometimes its colour channels permuted, and noise
// added. What is preserved is what features should encode: shapes, sizes, arrangement, most colours. Without bending, exact
// positions identify a picture, and a network need not encode shapes.
func drawView(r *rand.Rand, images []float32, size int) []float32 {
	out := make([]float32, len(images))
	area := size * size * 3
	for start := 0; start < len(images); start += area {
		drawOneView(r, images[start:start+area], out[start:start+area], size)
	}
	return out
}

// permuteShare is the share of views with permuted channels; below 1, so that features still encode colours.
const permuteShare = 0.5

func drawOneView(r *rand.Rand, in, out []float32, size int) {
	bend := drawWarp(r, size)
	channels := [3]int{0, 1, 2}
	if r.Float64() < permuteShare {
		r.Shuffle(3, func(i, j int) { channels[i], channels[j] = channels[j], channels[i] })
	}
	brightness := float32(0.2 * (2*r.Float64() - 1))
	contrast := float32(1 + 0.2*(2*r.Float64()-1))
	saturation := float32(1 + 0.5*(2*r.Float64()-1))
	noise := float32(0.05 * r.Float64())
	for y := range size {
		for x := range size {
			dx, dy := bend.at(x, y)
			pixel := sampleBilinear(in, size, float64(x)-dx, float64(y)-dy)
			gray := (pixel[0] + pixel[1] + pixel[2]) / 3
			for c := range 3 {
				v := gray + saturation*(pixel[channels[c]]-gray)
				v = contrast*v + brightness
				if noise > 0 {
					v += noise * float32(r.NormFloat64())
				}
				out[(y*size+x)*3+c] = min(max(v, -1), 1)
			}
		}
	}
}
