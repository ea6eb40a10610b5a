package eval

import (
	"context"
	"sync/atomic"

	"gonum.org/v1/gonum/floats"
)

// DCNeighbours is the paper's k.
const DCNeighbours = 5

// DC is density (the number of real balls that hold a generated image, over k; may exceed 1) and coverage (the share of real balls
// that hold a generated image).
type DC struct {
	Density, Coverage float64
	DensityStdErr     float64 // standard error of Density over generated images, the real balls held fixed; +Inf for a single image
}

// DensityCoverage uses balls around real images only, so one generated outlier cannot cover space (Naeem et al. 2020,
// eqs. 4–5). Balls are open, as in the authors' package prdc.
// A cancelled context ends it early, with its error.
func DensityCoverage(ctx context.Context, ref, gen Features, k int) (DC, error) {
	if err := validateNeighbours("DensityCoverage", ref, gen, k); err != nil {
		return DC{}, err
	}
	radii, err := squaredRadii(ctx, ref, k)
	if err != nil {
		return DC{}, err
	}
	balls := make([]float64, gen.N)
	held := make([]atomic.Bool, ref.N) // balls with an image inside; images are handled in parallel
	err = eachPair(ctx, gen, ref, func(p *pairs, i, at int, approx []float64) {
		for j, d := range approx {
			if p.within(i, at+j, d, radii[at+j], false) {
				balls[i]++
				held[at+j].Store(true)
			}
		}
	})
	if err != nil {
		return DC{}, err
	}
	_, stdErr := meanStdErr(balls)
	return DC{
		Density:  floats.Sum(balls) / float64(k*gen.N),
		Coverage: fraction(ref.N, func(i int) bool { return held[i].Load() }),

		DensityStdErr: stdErr / float64(k),
	}, nil
}
