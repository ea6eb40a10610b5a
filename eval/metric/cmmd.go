package metric

import (
	"fmt"

	"github.com/addlab/addlab/eval"
)

// CMMD assumes no Gaussian and needs few pictures.
var CMMD = register(Metric{
	Name: "cmmd", Title: "maximum mean discrepancy of CLIP embeddings", Source: "Jayasumana et al. 2024",
	Outputs: []Output{{"cmmd", true}}, Extractor: "clip-l14-336", Needs: Needs{Reference: true},
	Params: []Param{{"blocks", eval.FIDBlocks, 2, "groups of the jackknife"}},
	Usual:  30000, Least: 1, Few: 1000, Bias: "the biased form adds about c/n",
	compute: func(in Input) ([]Value, error) {
		blocks := in.Params["blocks"]
		if in.NoInterval || in.Gen.Features.N < 2*blocks {
			blocks = 0
		}
		score, err := eval.CMMD(in.Context, in.Ref.Features, in.Gen.Features, blocks)
		if err != nil {
			return nil, err
		}
		if blocks == 0 {
			return []Value{{Estimate: eval.Alone(score.Value, 0)}}, nil
		}
		e, err := eval.MeanInterval(score.Value, score.StdErr, blocks, in.Confidence)
		e.Low = max(e.Low, 0)
		v, err := within(e, err, fmt.Sprintf("jackknife over %d groups of generated pictures, reference fixed", blocks))
		return []Value{v}, err
	},
})
