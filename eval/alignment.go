package eval

import (
	"errors"
	"fmt"
)

// Alignment is how much of what captions state is found in their pictures.
type Alignment struct {
	N          int
	AllCorrect int       // pictures in which all stated attributes are correct
	Accuracy   float64   // mean over pictures of correct/stated: every picture weighs the same
	StdErr     float64   // standard error of Accuracy over pictures; +Inf for a single picture
	PerImage   []float64 // correct/stated of each picture, for paired differences

	AllCorrectRate   float64 // AllCorrect / N
	AllCorrectStdErr float64 // its standard error over pictures (ddof = 1); see RateInterval near 0 and 1
}

// NewAlignment takes, for each picture, how many of the stated attributes were found correct and how many were stated.
func NewAlignment(correct, stated []int) (Alignment, error) {
	if len(correct) == 0 {
		return Alignment{}, errors.New("eval: alignment: pictures = 0, want at least one")
	}
	if len(correct) != len(stated) {
		return Alignment{}, fmt.Errorf("eval: alignment: len(correct) = %d, len(stated) = %d, want equal", len(correct), len(stated))
	}
	a := Alignment{N: len(correct), PerImage: make([]float64, len(correct))}
	all := make([]float64, len(correct))
	for i, c := range correct {
		if stated[i] < 1 || c < 0 || c > stated[i] {
			return Alignment{}, fmt.Errorf("eval: alignment: picture %d has %d of %d correct, want 0 ≤ correct ≤ stated, stated ≥ 1", i, c, stated[i])
		}
		a.PerImage[i] = float64(c) / float64(stated[i])
		if c == stated[i] {
			a.AllCorrect++
			all[i] = 1
		}
	}
	a.Accuracy, a.StdErr = meanStdErr(a.PerImage)
	a.AllCorrectRate, a.AllCorrectStdErr = meanStdErr(all)
	return a, nil
}
