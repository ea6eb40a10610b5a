package lessons

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

// middle is the range that holds the middle 96 % of x; it is never empty.
func middle(x []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(x))
	low = stat.Quantile(0.02, stat.Empirical, sorted, nil)
	high = stat.Quantile(0.98, stat.Empirical, sorted, nil)
	if high <= low {
		high = low + 1
	}
	return low, high
}
