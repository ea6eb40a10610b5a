package eval

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Errors of comparisons that can tell nothing. With ErrNoSpread comes the difference, which is the same for all seeds.
var (
	ErrNoSpread = errors.New("eval: compare: no spread between seeds, want seeds that differ")
	ErrFewSeeds = errors.New("eval: compare: too few seeds, want two that both cells have, or two of each and none in common")
)

// Test is a t-test of the difference between two cells. Difference, its interval and P come from the same test: the interval at
// confidence c leaves out 0 exactly where P < 1 − c.
type Test struct {
	Difference Estimate `json:"difference"`       // mean(b) − mean(a); N counts pairs, or without pairs the samples of both
	P          float64  `json:"p"`                // two-sided, of no difference in means
	Paired     bool     `json:"paired,omitempty"` // Student's test of differences, else Welch's
}

// Compare tests b against a, each by seed. Seeds that both cells have are compared pair by pair: what a seed gives to both cancels.
// Only cells without a seed in common are compared by Welch's test.
func Compare(a, b map[int64]float64, confidence float64) (Test, error) {
	var x, y []float64
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if v, ok := b[seed]; ok {
			x, y = append(x, a[seed]), append(y, v)
		}
	}
	switch {
	case len(x) >= 2:
		return Paired(x, y, confidence)
	case len(x) == 1 || len(a) < 2 || len(b) < 2:
		return Test{}, ErrFewSeeds
	}
	return Welch(bySeed(a), bySeed(b), confidence)
}

// bySeed lists values in the order of their seeds: sums must not depend on the order of a map.
func bySeed(values map[int64]float64) (list []float64) {
	for _, seed := range slices.Sorted(maps.Keys(values)) {
		list = append(list, values[seed])
	}
	return list
}

// Paired is Student's t-test of the differences b − a.
func Paired(a, b []float64, confidence float64) (Test, error) {
	if len(a) != len(b) || len(a) < 2 {
		return Test{}, fmt.Errorf("eval: paired: lengths = %d and %d, want equal and at least 2", len(a), len(b))
	}
	if err := validateSamples(confidence, a, b); err != nil {
		return Test{}, err
	}
	mean, stdErr := meanStdErr(floats.SubTo(make([]float64, len(a)), b, a))
	t, err := newTest(mean, stdErr, float64(len(a)-1), len(a), confidence)
	t.Paired = true
	return t, err
}

// Welch is the t-test that lets each cell have its own variance.
func Welch(a, b []float64, confidence float64) (Test, error) {
	if len(a) < 2 || len(b) < 2 {
		return Test{}, fmt.Errorf("eval: Welch: samples = %d and %d, want at least 2 each", len(a), len(b))
	}
	if err := validateSamples(confidence, a, b); err != nil {
		return Test{}, err
	}
	na, nb := float64(len(a)), float64(len(b))
	ma, va := stat.MeanVariance(a, nil)
	mb, vb := stat.MeanVariance(b, nil)
	sum := va/na + vb/nb // of the variances of the means
	// Scaled by the sum, so that tiny variances do not underflow when squared.
	wa, wb := va/na/sum, vb/nb/sum
	return newTest(mb-ma, math.Sqrt(sum), 1/(wa*wa/(na-1)+wb*wb/(nb-1)), len(a)+len(b), confidence)
}

func newTest(difference, stdErr, freedom float64, n int, confidence float64) (Test, error) {
	if stdErr == 0 {
		constant := Test{Difference: Estimate{Mean: difference, Low: difference, High: difference, N: n}}
		if difference == 0 {
			constant.P = 1
		}
		return constant, ErrNoSpread
	}
	half := stdErr * tQuantile(confidence, freedom)
	return Test{
		Difference: Estimate{Mean: difference, Low: difference - half, High: difference + half, N: n},
		P:          2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.CDF(-math.Abs(difference/stdErr)),
	}, nil
}

func validateSamples(confidence float64, cells ...[]float64) error {
	for i, x := range cells {
		for j, v := range x {
			if !finite(v) {
				return fmt.Errorf("eval: compare: cell %d, sample %d = %v, want a finite number", i+1, j, v)
			}
		}
	}
	return validateConfidence(confidence)
}
