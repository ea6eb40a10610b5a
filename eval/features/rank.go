package features

import (
	"math"

	"github.com/addlab/addlab/eval/metric"
)

// Ranks gives every system of a comparison its place by one number: 1 + how many systems have an interval that is wholly better. Systems
// whose intervals overlap so share a place. A value without an interval has no place, 0.
func Ranks(values []metric.Value) []int {
	ranks := make([]int, len(values))
	for i, mine := range values {
		if !bounded(mine) {
			continue
		}
		ranks[i] = 1
		for j, other := range values {
			if i == j || !bounded(other) {
				continue
			}
			if mine.Lower && other.Estimate.High < mine.Estimate.Low || !mine.Lower && other.Estimate.Low > mine.Estimate.High {
				ranks[i]++
			}
		}
	}
	return ranks
}

func bounded(v metric.Value) bool {
	return !math.IsInf(v.Estimate.Low, 0) && !math.IsInf(v.Estimate.High, 0) && !math.IsNaN(v.Estimate.Low) && !math.IsNaN(v.Estimate.High)
}
