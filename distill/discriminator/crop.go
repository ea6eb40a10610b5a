package discriminator

import (
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
)

// B batch, H side of the pictures, F side that the features take.

// DrawCrop draws how a batch of pictures of a side comes to another, as two matrices, flat [2,F,H], of lines and of columns: with
// probability CropProb a window of larger pictures at a random place, else the whole, resized (StyleGAN-T's program). All pictures of a
// batch have the same window.
func DrawCrop(r *rand.Rand, cfg Config, from, to int) []float32 {
	crop, top, left := r.Float64() < cfg.CropProb && to < from, r.IntN(max(1, from-to+1)), r.IntN(max(1, from-to+1))
	if !crop {
		resize := area(from, to)
		return append(resize, resize...)
	}
	both := make([]float32, 2*to*from)
	for i := range to {
		both[i*from+top+i] = 1
		both[(to+i)*from+left+i] = 1
	}
	return both
}

// Crop applies what DrawCrop drew: img [B,H,H,3], matrices [2,F,H] → [B,F,F,3].
func Crop(img, matrices *Node) *Node {
	batch := img.Shape().Dim(0)
	matrix := func(i int) *Node {
		m := Slice(matrices, AxisElem(i)) // [1,F,H]
		return BroadcastToDims(m, append([]int{batch}, m.Shape().Dimensions[1:]...)...)
	}
	return resample(img, matrix(0), matrix(1))
}

// Resize is PyTorch's interpolate(mode="area"): img [B,H,H,3] → [B,to,to,3].
func Resize(img *Node, to int) *Node {
	from := img.Shape().Dim(1)
	matrix := Reshape(Const(img.Graph(), area(from, to)), 1, to, from)
	return Crop(img, Concatenate([]*Node{matrix, matrix}, 0))
}

// area is a matrix, flat [to,from], whose line i takes the mean of the values ⌊i·from/to⌋ to ⌈(i+1)·from/to⌉ − 1.
func area(from, to int) []float32 {
	m := make([]float32, to*from)
	for i := range to {
		first, end := i*from/to, ((i+1)*from+to-1)/to
		for k := first; k < end; k++ {
			m[i*from+k] = 1 / float32(end-first)
		}
	}
	return m
}
