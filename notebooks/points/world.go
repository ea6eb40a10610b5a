// Package points distils a distribution in the plane, so that one can see what a method does to its modes: drop, average or keep them. A
// point is a picture of one pixel, whose red and green are its coordinates; so methods, trainings and samplers are those of real pictures.
package points

import (
	"fmt"
	"math"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
)

// caption is that of all points. All have the same blue: networks that normalise a pixel's channels, as a U-Net does, see how far its red and
// green are from 0 only beside it.
const caption, blue = "a point", .75

// World is a mixture of Gaussians as a dataset of pictures of one pixel. Its coordinates should lie in [-1,1].
type World struct {
	diffusion.Mixture
	Seed int64
}

var _ dataset.Dataset = World{}

// Ring is four modes on a circle.
func Ring() World { return World{diffusion.Ring(4, .75, .1), 1} }

// Name implements dataset.Dataset.
func (w World) Name() string { return "points" }

// Hash implements dataset.Dataset.
func (w World) Hash() string { return fmt.Sprintf("points-%v-seed%d", w.Mixture, w.Seed) }

// Train implements dataset.Dataset.
func (w World) Train() dataset.Source { return source{w, "train"} }

// Heldout implements dataset.Dataset.
func (w World) Heldout() dataset.Source { return source{w, "heldout"} }

type source struct {
	World
	split string
}

func (s source) Len() int { return math.MaxInt }

func (s source) Sample(i int) (dataset.Sample, error) {
	at := s.Mixture.Sample(rng.New(s.Seed, "points/"+s.split, i), 1)
	return dataset.Sample{Image: dataset.Image{Size: 1, Pix: []float32{float32(at[0]), float32(at[1]), blue}}, Caption: caption}, nil
}

// Sample draws so many held-out points, x₀, y₀, x₁, …
func (w World) Sample(n int) []float64 {
	return w.Mixture.Sample(rng.New(w.Seed, "points/shown", 0), n)
}

// Modes counts the points [x₀, y₀, x₁, …] within three standard deviations of each mode, nearest first, and those of none.
func (w World) Modes(at []float64) (counts []int, between int) {
	counts = make([]int, len(w.Mixture))
	for i := 0; i+1 < len(at); i += 2 {
		best, nearest := -1, math.Inf(1)
		for k, c := range w.Mixture {
			if d := math.Hypot(at[i]-c.Mean[0], at[i+1]-c.Mean[1]); d < nearest {
				best, nearest = k, d
			}
		}
		if best >= 0 && nearest <= 3*w.Mixture[best].Std { // not of a point that is no number
			counts[best]++
		} else {
			between++
		}
	}
	return counts, between
}
