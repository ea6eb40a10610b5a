package eval

import (
	"math"
	"testing"
)

func TestAlignment(t *testing.T) {
	got := must(NewAlignment([]int{2, 1, 0, 3}, []int{2, 2, 1, 3}))
	near(t, "accuracy", got.Accuracy, (1+.5+0+1)/4, 1e-15)
	near(t, "standard error", got.StdErr, math.Sqrt((2+.25-4*.625*.625)/3/4), 1e-15)
	near(t, "all correct", got.AllCorrect, .5, 1e-15)

	for _, c := range []struct {
		correct, stated []int
		want            string
	}{
		{nil, nil, "len(correct) = 0"},
		{[]int{1}, []int{1, 2}, "len(correct) = 1"},
		{[]int{1, 3}, []int{1, 2}, "picture 1 has 3 of 2"},
		{[]int{0}, []int{0}, "picture 0 has 0 of 0"},
		{[]int{-1}, []int{2}, "picture 0 has -1 of 2"},
	} {
		_, err := NewAlignment(c.correct, c.stated)
		wantError(t, err, c.want)
	}
}
