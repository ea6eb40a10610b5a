package eval

import "fmt"

// TotalVariation is half the sum of |pᵢ − qᵢ| over classes, of two samples given as counts per class, from 0 to 1. For samples of
// one distribution it is of the order of √(classes/n), not 0.
func TotalVariation(a, b []int) (float64, error) {
	if len(a) != len(b) {
		return 0, fmt.Errorf("eval: total variation: len(a) = %d, len(b) = %d, want equal", len(a), len(b))
	}
	total := func(name string, counts []int) (sum int, err error) {
		for class, n := range counts {
			if n < 0 {
				return 0, fmt.Errorf("eval: total variation: %s[%d] = %d, want ≥ 0", name, class, n)
			}
			sum += n
		}
		if sum == 0 {
			return 0, fmt.Errorf("eval: total variation: %s has no picture, want at least one", name)
		}
		return sum, nil
	}
	na, err := total("a", a)
	if err != nil {
		return 0, err
	}
	nb, err := total("b", b)
	if err != nil {
		return 0, err
	}
	more := 0.0 // where a has more than b; as much is missing elsewhere
	for i := range a {
		more += max(0, float64(a[i])/float64(na)-float64(b[i])/float64(nb))
	}
	return more, nil
}
