package eval

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// ErrNoSpread means that no seed differs from another within a cell, so there is no measure of chance.
var ErrNoSpread = errors.New("eval: Welch: both variances = 0, want seeds that differ")

// Comparison is the difference between two cells with its interval and test.
type Comparison struct {
	Difference Estimate // mean(b) − mean(a); N counts both cells' seeds
	T, Freedom float64  // Welch's statistic and the Welch–Satterthwaite degrees of freedom
	P          float64  // two-sided p-value of no difference in means
}

// Welch compares the seeds of two cells by Welch's t-test, which allows unequal variances. It needs at least two seeds of each.
func Welch(a, b []float64, confidence float64) (Comparison, error) {
	for i, x := range [][]float64{a, b} {
		if len(x) < 2 {
			return Comparison{}, fmt.Errorf("eval: Welch: cell %d has %d seeds, want at least 2", i+1, len(x))
		}
		for j, v := range x {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Comparison{}, fmt.Errorf("eval: Welch: cell %d, seed %d = %v, want a finite number", i+1, j, v)
			}
		}
	}
	if err := validateConfidence(confidence); err != nil {
		return Comparison{}, err
	}
	na, nb := float64(len(a)), float64(len(b))
	ma, va := stat.MeanVariance(a, nil)
	mb, vb := stat.MeanVariance(b, nil)
	va, vb = va/na, vb/nb // of the means
	if va+vb == 0 {
		return Comparison{}, ErrNoSpread
	}

	// Scaled by the sum, so that tiny variances do not underflow when squared.
	sum := va + vb
	wa, wb := va/sum, vb/sum
	freedom := 1 / (wa*wa/(na-1) + wb*wb/(nb-1))
	diff, stdErr := mb-ma, math.Sqrt(sum)
	t := diff / stdErr
	half := stdErr * tQuantile(confidence, freedom)
	return Comparison{
		Difference: Estimate{Mean: diff, Low: diff - half, High: diff + half, N: len(a) + len(b)},
		T:          t,
		Freedom:    freedom,
		P:          2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.CDF(-math.Abs(t)),
	}, nil
}
