package metric

import (
	"fmt"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/rng"
)

// KID is the unbiased kernel distance.
var KID = register(Metric{
	Name: "kid", Title: "kernel Inception distance; unbiased, hence negative at times", Source: "Bińkowski et al. 2018",
	Outputs: []Output{{"kid", true}}, Extractor: "inception", Needs: Needs{Reference: true},
	Params: []Param{
		{"subsets", eval.KIDSubsets, 1, "random subsets to average over"},
		{"size", eval.KIDSize, 2, "pictures of a subset; all pictures where there are fewer"},
	},
	Usual: 50000, Least: 2, Few: 1000, Bias: "its spread is wide",
	compute: func(in Input) ([]Value, error) {
		ref, gen := in.Ref.Features, in.Gen.Features
		size := min(in.Params["size"], ref.N, gen.N)
		score, err := eval.KID(in.Context, ref, gen, in.Params["subsets"], size, rng.New(in.Seed, "kid", 0))
		if err != nil {
			return nil, err
		}
		v := Value{Estimate: eval.Alone(score.Mean, 0)}
		if score.Subsets > 1 && (size < ref.N || size < gen.N) { // subsets of all pictures are all the same
			v.Spread, v.SpreadOf = &score.Std, fmt.Sprintf("%d subsets of %d", score.Subsets, size)
		}
		if size < in.Params["size"] {
			v.Warnings = append(v.Warnings, fmt.Sprintf("kid: subsets of %d, want %d: there are fewer pictures", size, in.Params["size"]))
		}
		return []Value{v}, nil
	},
})
