package extractor

import "math"

// kernel is a Pillow resampling filter: its half-width in source pixels where the picture does not shrink, and its weight.
type kernel struct {
	support float64
	weight  func(x float64) float64
}

// bicubic is Pillow's BICUBIC, a = −½.
var bicubic = kernel{support: 2, weight: func(x float64) float64 {
	const a = -0.5
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2.0)*x-(a+3.0))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}}

// window is what one output pixel is made of: weights of the source pixels from first on.
type window struct {
	first   int
	weights []float64
}

// windows follows Pillow's precompute_coeffs: the filter widens with the scale, so that shrinking does not alias, and is cut
// and normalised at the edge. Every product is rounded on its own (the conversions forbid fusing), as in Pillow's build.
// Only those of the output pixels from … to−1 are made.
func (k kernel) windows(in, out, from, to int) []window {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := float64(k.support * stretch)
	all := make([]window, to-from)
	for i := range all {
		centre := float64((float64(from+i) + 0.5) * scale)
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		weights := make([]float64, last-first)
		sum, inverse := 0.0, 1/stretch
		for j := range weights {
			weights[j] = k.weight((float64(j+first) - centre + 0.5) * inverse)
			sum += weights[j]
		}
		for j := range weights {
			if sum != 0 {
				weights[j] /= sum
			}
		}
		all[i] = window{first, weights}
	}
	return all
}

// resizeBytes is Pillow's Image.resize(BICUBIC) of an RGB picture, to the last bit: fixed-point weights, and rounding to a byte
// after each pass. The horizontal pass comes first; a pass that changes no size is left out.
func resizeBytes(src RGB, width, height int) RGB {
	return resizeCrop(src, width, height, rect{0, 0, width, height})
}

// rect is a part of a picture: the upper left corner and the size.
type rect struct{ left, top, width, height int }

// resizeCrop is the part of resizeBytes(src, width, height) inside r; what lies outside is never made.
func resizeCrop(src RGB, width, height int, r rect) RGB {
	rows := bicubic.windows(src.Height, height, r.top, r.top+r.height)
	if src.Height == height {
		rows = identity(r.top, r.height)
	}
	columns := bicubic.windows(src.Width, width, r.left, r.left+r.width)
	if src.Width == width {
		columns = identity(r.left, r.width)
	}
	last := rows[len(rows)-1]
	top, bottom, stride := rows[0].first, last.first+len(last.weights), src.Width*3
	x := resample(src.Pix[top*stride:bottom*stride], columns, fixed, half, clip8, 0, bottom-top, stride, 3)
	return RGB{r.width, r.height, resample(x, rows, fixed, half, clip8, top, 1, 0, r.width*3)}
}

// identity are windows that copy.
func identity(first, n int) []window {
	all := make([]window, n)
	for i := range all {
		all[i] = window{first + i, []float64{1}}
	}
	return all
}

// precision is the number of fractional bits of Pillow's weights for 8-bit pictures; half is what rounds a sum.
const (
	precision = 32 - 8 - 2
	half      = 1 << (precision - 1)
)

func fixed(weight float64) int { return int(math.Copysign(0.5, weight) + weight*(1<<precision)) }

func clip8(sum int) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }

// resizeFloats is what clean-fid makes of a picture: Pillow's BICUBIC on one float32 channel at a time, sums in float64, then
// cut to 0 … 255 without rounding. Returns [height,width,3].
func resizeFloats(src RGB, width, height int) []float32 {
	x := make([]float32, len(src.Pix))
	for i, v := range src.Pix {
		x[i] = float32(v)
	}
	weight, rounded := func(w float64) float64 { return w }, func(sum float64) float32 { return float32(sum) }
	if w := src.Width; w != width {
		x = resample(x, bicubic.windows(w, width, 0, width), weight, 0, rounded, 0, src.Height, w*3, 3)
	}
	if h := src.Height; h != height {
		x = resample(x, bicubic.windows(h, height, 0, height), weight, 0, rounded, 0, 1, 0, width*3)
	}
	for i, v := range x {
		x[i] = min(max(v, 0), 255)
	}
	return x
}

// resample applies windows along one axis, whose first place is number from of the source. x holds blocks of outer numbers; a step
// along the axis is inner numbers. Sums begin at start.
func resample[T uint8 | float32, S int | float64](x []T, windows []window, weight func(float64) S, start S, result func(S) T, from, blocks, outer, inner int) []T {
	y := make([]T, blocks*len(windows)*inner)
	sum := make([]S, inner)
	for i, w := range windows {
		weights := make([]S, len(w.weights))
		for j, k := range w.weights {
			weights[j] = weight(k)
		}
		for b := range blocks {
			for c := range sum {
				sum[c] = start
			}
			for j, k := range weights {
				for c, v := range x[b*outer+(w.first-from+j)*inner:][:inner] {
					sum[c] += S(S(v) * k) // the conversion forbids fusing
				}
			}
			for c, v := range sum {
				y[(b*len(windows)+i)*inner+c] = result(v)
			}
		}
	}
	return y
}
