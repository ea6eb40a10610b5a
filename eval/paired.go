package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Paired compares two cells seed by seed by Student's t-test of the differences b−a: the effect of the seed cancels. It is for
// cells that share their trainings.
func Paired(a, b []float64, confidence float64) (Comparison, error) {
	difference, err := PairedInterval(a, b, confidence)
	if err != nil {
		return Comparison{}, err
	}
	if len(a) < 2 {
		return Comparison{}, fmt.Errorf("eval: paired: %d seeds, want at least 2", len(a))
	}
	if difference.Low == difference.High {
		return Comparison{}, ErrNoSpread
	}
	d := make([]float64, len(a))
	for i := range d {
		d[i] = b[i] - a[i]
	}
	freedom := float64(len(d) - 1)
	t := difference.Mean / stat.StdErr(stat.StdDev(d, nil), float64(len(d)))
	difference.N = len(a) + len(b)
	return Comparison{Difference: difference, T: t, Freedom: freedom, P: 2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.CDF(-math.Abs(t))}, nil
}

// HedgesG is the difference of the means mean(b) − mean(a) in standard deviations within the cells, with the correction for few
// seeds (Hedges 1981 eq. 6e).
func HedgesG(a, b []float64) (float64, error) {
	if len(a) < 2 || len(b) < 2 {
		return 0, fmt.Errorf("eval: Hedges' g: %d and %d seeds, want at least 2 each", len(a), len(b))
	}
	na, nb := float64(len(a)), float64(len(b))
	ma, va := stat.MeanVariance(a, nil)
	mb, vb := stat.MeanVariance(b, nil)
	freedom := na + nb - 2
	pooled := math.Sqrt(((na-1)*va + (nb-1)*vb) / freedom)
	if pooled == 0 {
		return 0, ErrNoSpread
	}
	return (mb - ma) / pooled * (1 - 3/(4*freedom-1)), nil
}
