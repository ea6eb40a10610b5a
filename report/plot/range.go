package plot

import (
	"math"
	"slices"

	"github.com/addlab/addlab/eval"
)

// logarithmicFrom is the ratio of two cells from which their axis is logarithmic: a cell that is worse by orders of magnitude
// would press all others into one spot.
const logarithmicFrom = 3

// axisRange chooses the stretch of an axis that shows how cells differ. It holds the means of all of them, and is logarithmic where they are
// many times one another and ratios allows it. Of intervals and references it holds what lies within its own length of the means.
func axisRange(cells, references []eval.Estimate, ratios bool) (lo, hi float64, log bool) {
	means := meansOf(cells)
	if len(means) == 0 && len(references) > 0 {
		return axisRange(references, nil, ratios)
	}
	if len(means) == 0 {
		return 0, 1, false
	}
	lowest, highest := means[0], means[len(means)-1]
	to, from := func(x float64) float64 { return x }, func(x float64) float64 { return x }
	least := 0.1 * math.Abs(means[len(means)/2]) // small differences must look small
	if ratios && lowest > 0 && highest > logarithmicFrom*lowest {
		to, from, least, log = math.Log, math.Exp, 0.1, true
	}

	lo, hi = to(lowest), to(highest)
	if hi-lo < least {
		lo, hi = (lo+hi-least)/2, (lo+hi+least)/2
	}
	if hi == lo {
		lo, hi = lo-1, hi+1
	}
	var lows, highs, halves []float64
	for _, e := range cells {
		if e.HasInterval() {
			if log && e.Low <= 0 {
				e.Low = e.Mean
			}
			lows, highs, halves = append(lows, to(e.Low)), append(highs, to(e.High)), append(halves, (to(e.High)-to(e.Low))/2)
		}
	}
	reach := hi - lo
	if len(halves) > 0 {
		slices.Sort(halves)
		reach = max(reach, halves[(len(halves)-1)/2])
	}
	bottom, top := lo-reach, hi+reach
	for i := range lows {
		lo, hi = min(lo, max(lows[i], bottom)), max(hi, min(highs[i], top))
	}
	for _, e := range references {
		if x := to(e.Mean); e.Known() && bottom <= x && x <= top {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	edge := 0.08 * (hi - lo)
	lo, hi = from(lo-edge), from(hi+edge)
	if !log && lowest >= 0 {
		lo = max(lo, 0)
	}
	return lo, hi, log
}

func meansOf(estimates []eval.Estimate) (means []float64) {
	for _, e := range estimates {
		if e.Known() {
			means = append(means, e.Mean)
		}
	}
	slices.Sort(means)
	return means
}
