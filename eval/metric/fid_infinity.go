package metric

import (
	"fmt"
	"math"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/rng"
)

// FIDInfinity is FID without the bias that comes from the number of generated pictures.
var FIDInfinity = register(Metric{
	Name: "fid-inf", Title: "FID extrapolated to infinitely many generated pictures", Source: "Chong and Forsyth 2020",
	Outputs: []Output{{"fid-inf", true}}, Extractor: "inception", Needs: Needs{Reference: true, RefStatistics: true},
	Params: []Param{
		{"points", eval.FIDInfinityPoints, 3, "sizes that the line is fitted to"},
		{"smallest", eval.FIDInfinitySize, 2, "smallest of the sizes; half of the pictures where there are fewer than twice as many"},
	},
	Usual: 50000, Least: 30, Few: 10000, Bias: "the line is drawn far beyond its points",
	least: func(p map[string]int) (ref, gen int) { // so many different sizes from the smallest or from the half on
		return 0, min(p["smallest"]+p["points"]-1, 2*p["points"]-3)
	},
	compute: func(in Input) ([]Value, error) {
		n, points := in.Gen.Features.N, in.Params["points"]
		s, err := eval.FIDInfinity(in.Context, in.Ref.side(), in.Gen.Features, points, min(in.Params["smallest"], n/2), rng.New(in.Seed, "fid-inf", 0))
		if err != nil {
			return nil, err
		}
		// The line has points − 2 degrees of freedom: as many as a mean of points − 1 values has.
		e, err := eval.MeanInterval(s.Intercept, s.StdErr, points-1, in.Confidence)
		v, err := within(e, err, fmt.Sprintf("scatter of %d sizes about the line; too narrow, for they share pictures", points))
		if len(s.Sizes) > 0 && math.Abs(s.Slope)/float64(n) > math.Abs(s.Intercept) {
			v.Warnings = append(v.Warnings, fmt.Sprintf("fid-inf: the bias at n = %d is larger than the score itself", n))
		}
		return []Value{v}, err
	},
})
