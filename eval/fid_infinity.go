package eval

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
)

// Sizes of FID∞ as Chong and Forsyth, and dgm-eval, use them.
const (
	FIDInfinityPoints = 15
	FIDInfinitySize   = 5000 // the smallest of them
)

// FIDInfinityScore is the line through FIDs of growing n, extrapolated to n = ∞.
type FIDInfinityScore struct {
	Intercept float64 // FID∞; may be negative, as rounding of an unbiased estimate
	Slope     float64 // of FID against 1/n: the bias of FID at n images is about Slope/n
	StdErr    float64 // of Intercept, from the scatter about the line: the subsets share images, so it is a lower bound
	Sizes     []int
	FIDs      []float64
}

// FIDInfinity extrapolates FID to infinitely many generated images (Chong & Forsyth 2020): FID of random subsets at evenly spaced
// sizes from smallest to all images is fitted by a line in 1/n, whose intercept is the score. Each size draws its own subset from
// r, without replacement. The reference is taken as fixed: its own bias stays.
// A cancelled context ends it between two FIDs, with its error.
func FIDInfinity(ctx context.Context, ref Side, gen Features, points, smallest int, r *rand.Rand) (FIDInfinityScore, error) {
	if err := gen.Validate(); err != nil {
		return FIDInfinityScore{}, fmt.Errorf("%w (FIDInfinity)", err)
	}
	if points < 3 || smallest < 2 || smallest+points-1 > gen.N {
		return FIDInfinityScore{}, fmt.Errorf("eval: FIDInfinity: points = %d, smallest = %d, want ≥ 3 different sizes from ≥ 2 to %d, the number of images", points, smallest, gen.N)
	}
	reference, err := ref.gaussian()
	if err != nil {
		return FIDInfinityScore{}, err
	}
	s := FIDInfinityScore{Sizes: make([]int, points), FIDs: make([]float64, points)}
	inverse := make([]float64, points)
	for i := range s.Sizes {
		if err := ctx.Err(); err != nil {
			return FIDInfinityScore{}, err
		}
		s.Sizes[i] = smallest + i*(gen.N-smallest)/(points-1)
		inverse[i] = 1 / float64(s.Sizes[i])
		g, err := gen.Subset(r.Perm(gen.N)[:s.Sizes[i]]).gaussian()
		if err != nil {
			return FIDInfinityScore{}, err
		}
		if s.FIDs[i], err = frechet(reference, g); err != nil {
			return FIDInfinityScore{}, err
		}
	}
	s.Intercept, s.Slope, s.StdErr = leastSquares(inverse, s.FIDs)
	return s, nil
}

// leastSquares fits y = intercept + slope·x by least squares, with the standard error of the intercept.
func leastSquares(x, y []float64) (intercept, slope, stdErr float64) {
	intercept, slope = stat.LinearRegression(x, y, nil, false)
	var residual float64
	for i := range x {
		d := y[i] - intercept - slope*x[i]
		residual += d * d
	}
	n := float64(len(x))
	mean, variance := stat.PopMeanVariance(x, nil)
	return intercept, slope, math.Sqrt(residual / (n - 2) * (1/n + mean*mean/(n*variance)))
}
