package pretrain

import "math/rand/v2"

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
