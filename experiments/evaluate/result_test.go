package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
)

func TestCSVHoldsMeansAndDifferences(t *testing.T) {
	score := func(mean float64) metric.Value {
		return metric.Value{Name: "clip-score", Estimate: eval.Estimate{Mean: mean, Low: mean - 1, High: mean + 1, N: 4}}
	}
	r := result{
		Generated: []resultSet{{Name: "a", Pictures: 4, Values: []metric.Value{score(2)}}, {Name: "b", Pictures: 4, Values: []metric.Value{score(5)}}},
		Seeds:     []metric.Value{score(3.5)},
		Paired:    []paired{{Metric: "clip-score", First: "a", Second: "b", Difference: eval.Estimate{Mean: -3, Low: -4, High: -2, N: 4}}},
	}
	var b strings.Builder
	if err := r.csv(&b); err != nil {
		t.Fatal(err)
	}
	want := `system,metric,lower_is_better,value,low,high,spread,images
a,clip-score,false,2,1,3,,4
b,clip-score,false,5,4,6,,4
mean of 2 seeds,clip-score,false,3.5,2.5,4.5,,
a less b,clip-score,false,-3,-4,-2,,4
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
