package sweep

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report/plot"
)

func TestQualityOverCalls(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.MethodSteps, ablations.DiscCond}, 1)
	results, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]plot.Curve{}
	for _, c := range p.overCalls(ablations.MethodSteps, results).Curves {
		got[c.Name] = c
	}
	for _, want := range []plot.Curve{
		{Name: "lcm", Steps: []int{1, 2, 4}, Values: []float64{20, 15, 12.5}},
		{Name: "teacher's solver", Steps: []int{2, 4, 8, 16, 50}, Values: []float64{20, 15, 12.5, 11.25, 10.4}}, // guided
	} {
		if diff := cmp.Diff(want, got[want.Name]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", want.Name, diff)
		}
	}
	if c := p.overCalls(ablations.DiscCond, results).Curves; c != nil {
		t.Errorf("disc-cond, whose cells are not joined, has curves %v", c)
	}
}
