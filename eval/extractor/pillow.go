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

// precision is the number of fractional bits of Pillow's weights for 8-bit pictures.
const precision = 32 - 8 - 2

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
	used := RGB{Width: src.Width, Height: last.first + len(last.weights) - rows[0].first}
	used.Pix = src.Pix[rows[0].first*src.Width*3:][:used.Height*src.Width*3]
	return resizeColumns(resizeRows(used, columns), rows, rows[0].first)
}

// identity are windows that copy.
func identity(first, n int) []window {
	all := make([]window, n)
	for i := range all {
		all[i] = window{first + i, []float64{1}}
	}
	return all
}

func fixed(weights []float64) []int {
	all := make([]int, len(weights))
	for i, w := range weights {
		all[i] = int(math.Copysign(0.5, w) + w*(1<<precision))
	}
	return all
}

func clip8(sum int) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }

func resizeRows(src RGB, columns []window) RGB {
	width := len(columns)
	dst := RGB{Width: width, Height: src.Height, Pix: make([]uint8, width*src.Height*3)}
	for x, w := range columns {
		weights := fixed(w.weights)
		for y := range src.Height {
			r, g, b := 1<<(precision-1), 1<<(precision-1), 1<<(precision-1)
			p := src.Pix[(y*src.Width+w.first)*3:][:3*len(weights)]
			for i, k := range weights {
				r += int(p[3*i]) * k
				g += int(p[3*i+1]) * k
				b += int(p[3*i+2]) * k
			}
			q := dst.Pix[(y*width+x)*3:][:3]
			q[0], q[1], q[2] = clip8(r), clip8(g), clip8(b)
		}
	}
	return dst
}

// resizeColumns applies the windows of rows to a picture whose first row is number top of the source.
func resizeColumns(src RGB, rows []window, top int) RGB {
	stride := src.Width * 3
	dst := RGB{Width: src.Width, Height: len(rows), Pix: make([]uint8, stride*len(rows))}
	sum := make([]int, stride)
	for y, w := range rows {
		for i := range sum {
			sum[i] = 1 << (precision - 1)
		}
		for j, k := range fixed(w.weights) {
			for i, v := range src.Pix[(w.first-top+j)*stride:][:stride] {
				sum[i] += int(v) * k
			}
		}
		for i, v := range sum {
			dst.Pix[y*stride+i] = clip8(v)
		}
	}
	return dst
}

// resizeFloats is what clean-fid makes of a picture: Pillow's BICUBIC on one float32 channel at a time, sums in float64, then
// cut to 0 … 255 without rounding. Returns [height,width,3].
func resizeFloats(src RGB, width, height int) []float32 {
	x := make([]float32, len(src.Pix))
	for i, v := range src.Pix {
		x[i] = float32(v)
	}
	if w := src.Width; w != width {
		x = resample(x, bicubic.windows(w, width, 0, width), src.Height, w*3, 3)
	}
	if h := src.Height; h != height {
		x = resample(x, bicubic.windows(h, height, 0, height), 1, h*width*3, width*3)
	}
	for i, v := range x {
		x[i] = min(max(v, 0), 255)
	}
	return x
}

// resample applies windows along one axis. x holds blocks of outer numbers; a step along the axis is inner numbers.
func resample(x []float32, windows []window, blocks, outer, inner int) []float32 {
	y := make([]float32, blocks*len(windows)*inner)
	sum := make([]float64, inner)
	for b := range blocks {
		for i, w := range windows {
			clear(sum)
			for j, k := range w.weights {
				for c, v := range x[b*outer+(w.first+j)*inner:][:inner] {
					sum[c] += float64(float64(v) * k)
				}
			}
			for c, v := range sum {
				y[(b*len(windows)+i)*inner+c] = float32(v)
			}
		}
	}
	return y
}
