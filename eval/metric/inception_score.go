package metric

import (
	"fmt"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/rng"
)

// InceptionScore sees generated pictures only.
var InceptionScore = register(Metric{
	Name: "is", Title: "Inception Score: sure and various classes", Source: "Salimans et al. 2016",
	Outputs: []Output{{"is", false}}, Extractor: "inception", Needs: Needs{Logits: true},
	Params: []Param{{"splits", eval.InceptionSplits, 1, "splits of the shuffled pictures"}},
	Usual:  50000, Least: 2, Few: 10000, Bias: "the score is biased downwards, compare equal numbers only",
	least: func(p map[string]int) (ref, gen int) { return 0, p["splits"] },
	compute: func(in Input) ([]Value, error) {
		logits, splits := in.Gen.Logits, in.Params["splits"]
		shuffled := logits.Subset(rng.New(in.Seed, "is", 0).Perm(logits.N))
		score, err := eval.InceptionScore(shuffled, splits)
		if err != nil {
			return nil, err
		}
		e, err := eval.TInterval(score.PerSplit, in.Confidence)
		v, err := within(e, err, fmt.Sprintf("Student's over %d splits", splits))
		if splits > 1 {
			v.Spread, v.SpreadOf = &score.Std, fmt.Sprintf("%d splits", splits)
		}
		return []Value{v}, err
	},
})
