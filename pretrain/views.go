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

// warp is a smooth displacement of a picture, given at the corners of warpCells×warpCells cells and bilinear between them
// (in the spirit of the elastic distortions of Simard et al. 2003).
type warp struct {
	size   int
	dx, dy [warpCells + 1][warpCells + 1]float64 // pixels
}

const (
	warpCells = 2
	bendShare = 0.1 // of the picture's side
)

// drawWarp moves the whole picture by up to an eighth of its side and every corner by up to a tenth more.
func drawWarp(r *rand.Rand, size int) warp {
	side := float64(size)
	symmetric := func(reach float64) float64 { return reach * (2*r.Float64() - 1) }
	x, y := symmetric(side/8), symmetric(side/8)
	w := warp{size: size}
	for i := range w.dx {
		for j := range w.dx[i] {
			w.dx[i][j], w.dy[i][j] = x+symmetric(bendShare*side), y+symmetric(bendShare*side)
		}
	}
	return w
}

// at is the displacement of pixel (x,y).
func (w warp) at(x, y int) (dx, dy float64) {
	u, v := float64(x)/float64(w.size)*warpCells, float64(y)/float64(w.size)*warpCells
	j, i := int(u), int(v)
	a, b := u-float64(j), v-float64(i)
	mix := func(d *[warpCells + 1][warpCells + 1]float64) float64 {
		return (1-b)*((1-a)*d[i][j]+a*d[i][j+1]) + b*((1-a)*d[i+1][j]+a*d[i+1][j+1])
	}
	return mix(&w.dx), mix(&w.dy)
}

// sampleBilinear reads a picture [S,S,3] between its pixels, edges repeated.
func sampleBilinear(pix []float32, size int, x, y float64) (rgb [3]float32) {
	limit := float64(size - 1)
	x, y = min(max(x, 0), limit), min(max(y, 0), limit)
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, size-1), min(y0+1, size-1)
	a, b := float32(x-float64(x0)), float32(y-float64(y0))
	for c := range rgb {
		top := (1-a)*pix[(y0*size+x0)*3+c] + a*pix[(y0*size+x1)*3+c]
		bottom := (1-a)*pix[(y1*size+x0)*3+c] + a*pix[(y1*size+x1)*3+c]
		rgb[c] = (1-b)*top + b*bottom
	}
	return rgb
}

// blur averages every pixel of a picture [S,S,3] over 5×5 neighbours, in place; edges are repeated.
func blur(pix []float32, size int) {
	const r = 2
	in := append([]float32(nil), pix...)
	for y := range size {
		for x := range size {
			for c := range 3 {
				var sum float32
				for dy := -r; dy <= r; dy++ {
					for dx := -r; dx <= r; dx++ {
						sy, sx := min(max(y+dy, 0), size-1), min(max(x+dx, 0), size-1)
						sum += in[(sy*size+sx)*3+c]
					}
				}
				pix[(y*size+x)*3+c] = sum / ((2*r + 1) * (2*r + 1))
			}
		}
	}
}
