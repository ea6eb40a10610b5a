package metric

import (
	"math"

	"github.com/addlab/addlab/eval"
)

// PrecisionRecall separates fidelity and variety.
var PrecisionRecall = register(Metric{
	Name: "pr", Title: "improved precision and recall", Source: "Kynkäänniemi et al. 2019",
	Outputs: []Output{{"precision", false}, {"recall", false}}, Extractor: "inception", Needs: Needs{Reference: true},
	Params: []Param{{"k", eval.PRNeighbours, 1, "neighbour whose distance is a ball's radius"}},
	Usual:  50000, Least: 2, Few: 5000, Bias: "both depend on the number of pictures, compare equal numbers only",
	least: func(p map[string]int) (ref, gen int) { return p["k"] + 1, p["k"] + 1 },
	compute: func(in Input) ([]Value, error) {
		pr, err := eval.PrecisionRecall(in.Context, in.Ref.Features, in.Gen.Features, in.Params["k"])
		if err != nil {
			return nil, err
		}
		const how = "Wilson's over pictures, balls fixed"
		precision, err := rate(pr.Precision, in.Gen.Features.N, in.Confidence, how)
		if err != nil {
			return nil, err
		}
		recall, err := rate(pr.Recall, in.Ref.Features.N, in.Confidence, how)
		v := []Value{precision, recall}
		if a, b := in.Ref.Features.N, in.Gen.Features.N; a != b {
			v[0].Warnings = append(v[0].Warnings, "pr: unequal numbers of reference and generated pictures: the larger set's balls are smaller")
		}
		return v, err
	},
})

// rate is a share of n pictures, or of their balls, with its interval and how that was found.
func rate(share float64, n int, confidence float64, how string) (Value, error) {
	e, err := eval.RateInterval(int(math.Round(share*float64(n))), n, confidence)
	return within(e, err, how)
}
