package eval

import "fmt"

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
