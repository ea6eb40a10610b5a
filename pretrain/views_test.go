package pretrain

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

func TestViews(t *testing.T) {
	const b, size = 50, 16
	images := tensors.MustCopyFlatData[float32](graphtest.Normals(1, b, size, size, 3))
	for i := range images {
		images[i] = float32(math.Tanh(float64(images[i])))
	}
	before := slices.Clone(images)
	r := rng.New(1, "views", 0)
	first, second := drawView(r, images, size), drawView(r, images, size)
	if !slices.Equal(before, images) {
		t.Error("the pictures themselves were changed")
	}
	if !slices.Equal(first, drawView(rng.New(1, "views", 0), images, size)) {
		t.Error("equal streams give different views")
	}
	area := size * size * 3
	for i := range b {
		if slices.Equal(first[i*area:(i+1)*area], second[i*area:(i+1)*area]) {
			t.Errorf("picture %d has two equal views", i)
		}
	}
	for i, v := range first {
		if !(v >= -1 && v <= 1) {
			t.Fatalf("value %d = %g, want within [-1,1]", i, v)
		}
	}
}

// A grey picture has no colours to change, no place to be moved from and no contrast within: what is left is one brightness and noise.
func TestViewOfGrey(t *testing.T) {
	const size = 16
	grey := make([]float32, size*size*3)
	for i := range grey {
		grey[i] = 0.3
	}
	for k := range 50 {
		view := drawView(rng.New(1, "grey", k), grey, size)
		var mean, variance float64
		for _, v := range view {
			mean += float64(v) / float64(len(view))
		}
		for _, v := range view {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(view))
		}
		// Contrast 0.8 … 1.2 and brightness ±0.2; noise up to 0.05.
		if mean < 0.3*0.8-0.2-0.01 || mean > 0.3*1.2+0.2+0.01 || math.Sqrt(variance) > 0.06 {
			t.Errorf("view %d: mean = %.3f, deviation = %.3f, want 0.04 … 0.56 and at most 0.05", k, mean, math.Sqrt(variance))
		}
	}
}

// A white dot moves by at most an eighth and a tenth of the side, in every direction.
func TestViewMoves(t *testing.T) {
	const size, at = 16, 8
	dot := make([]float32, size*size*3)
	for i := range dot {
		dot[i] = -0.5
	}
	for c := range 3 {
		dot[(at*size+at)*3+c] = 1
	}
	seen := map[[2]int]bool{}
	for k := range 400 {
		view := drawView(rng.New(1, "dot", k), dot, size)
		best := 0
		for p := range size * size {
			if view[p*3] > view[best*3] {
				best = p
			}
		}
		move := [2]int{best/size - at, best%size - at}
		if max(move[0], -move[0], move[1], -move[1]) > size/4 {
			t.Fatalf("view %d: the dot moved by %v, want at most %d", k, move, size/4)
		}
		seen[move] = true
	}
	if want := (2*size/8 + 1) * (2*size/8 + 1); len(seen) < want {
		t.Errorf("%d different moves in 400 views, want %d or more", len(seen), want)
	}
}

func TestBlur(t *testing.T) {
	const size = 12
	mean := func(x []float32) (m [3]float64) {
		for i, v := range x {
			m[i%3] += float64(v) / float64(size*size)
		}
		return m
	}
	spread := func(x []float32) (s float64) {
		m := mean(x)
		for i, v := range x {
			s += (float64(v) - m[i%3]) * (float64(v) - m[i%3])
		}
		return s
	}

	// Where the outermost two lines are alike, as in a picture on plain ground, every pixel gives away what it keeps not.
	framed := tensors.MustCopyFlatData[float32](graphtest.Normals(3, size, size, 3))
	for y := range size {
		for x := range size {
			for c := range 3 {
				if min(x, y, size-1-x, size-1-y) < 2 {
					framed[(y*size+x)*3+c] = 0.25 * float32(c)
				}
			}
		}
	}
	blurred := slices.Clone(framed)
	blur(blurred, size)
	for c, want := range mean(framed) {
		near(t, "mean of a channel", want, mean(blurred)[c], 1e-6)
	}
	if before, after := spread(framed), spread(blurred); after > before/5 {
		t.Errorf("spread = %g, then %g: want a picture that is blurred", before, after)
	}

	flat := make([]float32, size*size*3)
	for i := range flat {
		flat[i] = float32(i%3) - 0.7
	}
	want := slices.Clone(flat)
	blur(flat, size)
	for i := range flat {
		near(t, "flat picture", float64(want[i]), float64(flat[i]), 1e-6)
	}

	// One white pixel becomes a square of 5×5 with a 25th each.
	dot := make([]float32, size*size*3)
	dot[(6*size+6)*3] = 1
	blur(dot, size)
	for i, v := range dot {
		y, x, want := i/3/size, i/3%size, 0.0
		if i%3 == 0 && max(y-6, 6-y, x-6, 6-x) <= 2 {
			want = 1.0 / 25
		}
		near(t, "blurred dot", want, float64(v), 1e-7)
	}
}
