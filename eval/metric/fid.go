package metric

import (
	"fmt"

	"github.com/addlab/addlab/eval"
)

// FID is the Fréchet distance of Inception's features.
var FID = register(Metric{
	Name: "fid", Title: "Fréchet Inception distance", Source: "Heusel et al. 2017",
	Outputs: []Output{{"fid", true}}, Extractor: "inception", Needs: Needs{Reference: true, RefStatistics: true, GenStatistics: true},
	Params: []Param{frechetBlocks},
	Usual:  50000, Least: 2, Few: 10000, Bias: frechetBias,
	compute: frechet,
})

var frechetBlocks = Param{"blocks", eval.FIDBlocks, 2, "groups of the jackknife"}

const frechetBias = "the distance is biased upwards by about c/n, compare equal numbers only"

// frechet is the Fréchet distance of any features. Generated features, not statistics alone, give it an interval.
func frechet(in Input) ([]Value, error) {
	blocks := in.Params["blocks"]
	if in.Gen.Features.N >= 2*blocks && !in.NoInterval {
		u, err := eval.FIDJackknife(in.Context, in.Ref.side(), in.Gen.Features, blocks, in.Confidence)
		v, err := within(u.FID, err, fmt.Sprintf("jackknife over %d groups of generated pictures, reference fixed", blocks))
		return []Value{v}, err
	}
	fid, err := eval.FID(in.Ref.side(), in.Gen.side())
	return []Value{{Estimate: eval.Alone(fid, 0)}}, err
}
