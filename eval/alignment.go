package eval

import (
	"fmt"
)

// Alignment is how much of what captions state is found in their pictures.
type Alignment struct {
	Accuracy   float64 // mean over pictures of correct/stated: every picture weighs the same
	StdErr     float64 // standard error of Accuracy over pictures; +Inf for a single picture
	AllCorrect float64 // share of pictures in which all stated attributes are correct
}

// NewAlignment takes, for each picture, how many of the stated attributes were found correct and how many were stated.
func NewAlignment(correct, stated []int) (a Alignment, err error) {
	if len(correct) == 0 || len(correct) != len(stated) {
		return a, fmt.Errorf("eval: alignment: len(correct) = %d, len(stated) = %d, want equal and at least one", len(correct), len(stated))
	}
	shares := make([]float64, len(correct))
	for i, c := range correct {
		if stated[i] < 1 || c < 0 || c > stated[i] {
			return a, fmt.Errorf("eval: alignment: picture %d has %d of %d correct, want 0 ≤ correct ≤ stated, stated ≥ 1", i, c, stated[i])
		}
		shares[i] = float64(c) / float64(stated[i])
	}
	a.Accuracy, a.StdErr = meanStdErr(shares)
	a.AllCorrect = fraction(len(correct), func(i int) bool { return correct[i] == stated[i] })
	return a, nil
}

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
