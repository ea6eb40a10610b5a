package metric

import "github.com/addlab/addlab/eval"

// DensityCoverage is precision and recall made robust to outliers.
var DensityCoverage = register(Metric{
	Name: "dc", Title: "density and coverage", Source: "Naeem et al. 2020",
	Outputs: []Output{{"density", false}, {"coverage", false}}, Extractor: "inception", Needs: Needs{Reference: true},
	Params: []Param{{"k", eval.DCNeighbours, 1, "neighbour whose distance is a ball's radius"}},
	Usual:  50000, Least: 2, Few: 5000, Bias: "both depend on the number of pictures, compare equal numbers only",
	least: func(p map[string]int) (ref, gen int) { return p["k"] + 1, 0 },
	compute: func(in Input) ([]Value, error) {
		dc, err := eval.DensityCoverage(in.Context, in.Ref.Features, in.Gen.Features, in.Params["k"])
		if err != nil {
			return nil, err
		}
		e, err := eval.MeanInterval(dc.Density, dc.DensityStdErr, in.Gen.Features.N, in.Confidence)
		density, err := within(e, err, "Student's over generated pictures, balls fixed")
		if err != nil {
			return nil, err
		}
		coverage, err := rate(dc.Coverage, in.Ref.Features.N, in.Confidence, "Wilson's over reference balls, generated pictures fixed")
		return []Value{density, coverage}, err
	},
})
