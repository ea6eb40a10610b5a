package pretrain

import (
	"math"
	"testing"

	"github.com/addlab/addlab/internal/rng"
)

// Neighbouring pixels move alike, by no more than the two shares together.
func TestWarpIsSmoothAndBounded(t *testing.T) {
	const size = 32
	limit := size/8.0 + bendShare*size
	slope := 2 * bendShare * size * warpCells / size // two corners of a cell differ at most by twice the bend
	for k := range 50 {
		w := drawWarp(rng.New(1, "warp", k), size)
		for y := range size {
			for x := range size - 1 {
				ax, ay := w.at(x, y)
				bx, by := w.at(x+1, y)
				if math.Abs(ax) > limit || math.Abs(ay) > limit {
					t.Fatalf("warp %d moves (%d,%d) by (%.2f, %.2f), want at most %.2f", k, x, y, ax, ay, limit)
				}
				if math.Abs(ax-bx) > slope+1e-9 || math.Abs(ay-by) > slope+1e-9 {
					t.Fatalf("warp %d: displacement changes by (%.3f, %.3f) over a pixel at (%d,%d), want at most %.3f", k, ax-bx, ay-by, x, y, slope)
				}
			}
		}
	}
}

// Bilinear reading of a linear ramp is exact between the pixels and constant beyond the edges.
func TestSampleBilinearOfARamp(t *testing.T) {
	const size = 6
	ramp := make([]float32, size*size*3)
	for y := range size {
		for x := range size {
			for c := range 3 {
				ramp[(y*size+x)*3+c] = float32(x) + 10*float32(y) + 100*float32(c)
			}
		}
	}
	for _, p := range [][2]float64{{0, 0}, {1.25, 3.5}, {4.99, 0.01}, {5, 5}, {-3, 2}, {2, 9}} {
		got := sampleBilinear(ramp, size, p[0], p[1])
		x, y := min(max(p[0], 0), size-1), min(max(p[1], 0), size-1)
		for c := range 3 {
			near(t, "ramp", x+10*y+100*float64(c), float64(got[c]), 1e-4)
		}
	}
}
