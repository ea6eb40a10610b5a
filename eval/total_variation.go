package eval

import "fmt"

// TotalVariation is half the sum of |pᵢ − qᵢ| over classes, of two samples given as counts per class, from 0 to 1. For samples of
// one distribution it is of the order of √(classes/n), not 0.
func TotalVariation(a, b []int) (float64, error) {
	if len(a) != len(b) {
		return 0, fmt.Errorf("eval: total variation: len(a) = %d, len(b) = %d, want equal", len(a), len(b))
	}
	na, nb := 0, 0
	for i := range a {
		na, nb = na+a[i], nb+b[i]
	}
	if na == 0 || nb == 0 {
		return 0, fmt.Errorf("eval: total variation: pictures = %d and %d, want at least one of each", na, nb)
	}
	more := 0.0 // where a has more than b; as much is missing elsewhere
	for i := range a {
		more += max(0, float64(a[i])/float64(na)-float64(b[i])/float64(nb))
	}
	return more, nil
}
