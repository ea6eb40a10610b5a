package features

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
)

func TestPlacesAreSharedWhereIntervalsOverlap(t *testing.T) {
	value := func(lower bool, low, high float64) metric.Value {
		return metric.Value{Lower: lower, Estimate: eval.Estimate{Mean: (low + high) / 2, Low: low, High: high, N: 9}}
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		why    string
		values []metric.Value
		want   []int
	}{
		{"clear order, lower is better", []metric.Value{value(true, 5, 6), value(true, 1, 2), value(true, 3, 4)}, []int{3, 1, 2}},
		{"clear order, higher is better", []metric.Value{value(false, 5, 6), value(false, 1, 2), value(false, 3, 4)}, []int{1, 3, 2}},
		{"a chain: the middle ties with both", []metric.Value{value(true, 1, 3), value(true, 2, 5), value(true, 4, 6)}, []int{1, 1, 2}},
		{"touching intervals tie", []metric.Value{value(true, 1, 2), value(true, 2, 3)}, []int{1, 1}},
		{"no interval, no place", []metric.Value{value(true, -inf, inf), value(true, 1, 2)}, []int{0, 1}},
	} {
		if diff := cmp.Diff(c.want, Ranks(c.values)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}
