package preference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/addlab/addlab/eval"
)

// bootstrap resamples clusters of votes with replacement.
type bootstrap struct {
	clusters   int
	resamples  int
	confidence float64
	random     *rand.Rand
}

func newBootstrap(votes [][]Vote, confidence float64, resamples int, r *rand.Rand) (bootstrap, error) {
	b := bootstrap{resamples: resamples, confidence: confidence, random: r}
	if !(confidence > 0 && confidence < 1) {
		return b, fmt.Errorf("preference: confidence = %v, want between 0 and 1, such as 0.95", confidence)
	}
	if resamples < 1 {
		return b, fmt.Errorf("preference: resamples = %d, want ≥ 1", resamples)
	}
	seen := map[int]bool{}
	for _, list := range votes {
		for _, v := range list {
			seen[v.Cluster] = true
			b.clusters = max(b.clusters, v.Cluster+1)
		}
	}
	if len(seen) != b.clusters {
		return b, fmt.Errorf("preference: %d clusters have votes and the highest number is %d, want numbers from 0 without a gap", len(seen), b.clusters-1)
	}
	return b, nil
}

// draw visits resamples: how often each cluster is in one.
func (b bootstrap) draw(visit func(weights []float64)) {
	for range b.resamples {
		weights := make([]float64, b.clusters)
		for range b.clusters {
			weights[b.random.IntN(b.clusters)]++
		}
		visit(weights)
	}
}

// interval is the percentile interval of resampled values around the estimate of all n votes. A resample without a value, NaN, may lie
// anywhere: it counts as lower than all others for the lower bound and as higher for the upper. So many of them, or a single cluster,
// leave no interval.
func (b bootstrap) interval(estimate float64, n int, values []float64) eval.Estimate {
	known := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(known)
	tail := int((1-b.confidence)/2*float64(len(values))) - (len(values) - len(known))
	if tail < 0 || b.clusters < 2 || len(known) == 0 {
		return eval.Alone(estimate, n)
	}
	return eval.Estimate{Mean: estimate, Low: min(estimate, known[tail]), High: max(estimate, known[len(known)-1-tail]), N: n}
}
