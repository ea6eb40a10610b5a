package pretrain

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
