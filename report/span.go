package report

import (
	"math"
	"slices"
)

// axisSpan chooses the stretch of an axis that shows how cells differ. A collapsed cell lies far from all others and would
// press them into one point, so it is left outside, as is a reference far from every cell; what lies outside is drawn as an
// arrow with its number. anchor is the index of the default cell, or -1.
func axisSpan(cells, references []Estimate, anchor int) (lo, hi float64) {
	var means []float64
	for _, e := range cells {
		if e.Known() {
			means = append(means, e.Mean)
		}
	}
	if len(means) == 0 && len(references) > 0 {
		return axisSpan(references, nil, -1)
	}
	if len(means) == 0 {
		return 0, 1
	}
	slices.Sort(means)
	centre := means[len(means)/2]
	if anchor >= 0 && cells[anchor].Known() {
		centre = cells[anchor].Mean
	}

	// Far is more than half the default's value and six times the typical distance from it.
	var distances []float64
	for _, m := range means {
		if m != centre {
			distances = append(distances, math.Abs(m-centre))
		}
	}
	far := math.Abs(centre) / 2
	if len(distances) > 0 {
		slices.Sort(distances)
		far = max(far, 6*distances[(len(distances)-1)/2])
	}
	lo, hi = centre, centre
	for _, m := range means {
		if math.Abs(m-centre) <= far {
			lo, hi = min(lo, m), max(hi, m)
		}
	}

	// Small differences must look small: the axis spans at least a tenth of the value.
	if least := 0.1 * math.Abs(centre); hi-lo < least {
		lo, hi = (lo+hi-least)/2, (lo+hi+least)/2
	}
	if hi == lo {
		lo, hi = lo-1, hi+1
	}

	// Intervals widen it, but one that is far wider than usual ends in arrows.
	var halves []float64
	for _, e := range cells {
		if e.HasInterval() && math.Abs(e.Mean-centre) <= far {
			halves = append(halves, (e.High-e.Low)/2)
		}
	}
	reach := hi - lo
	if len(halves) > 0 {
		slices.Sort(halves)
		reach = max(reach, halves[(len(halves)-1)/2])
	}
	inner := [2]float64{lo - reach, hi + reach}
	for _, e := range cells {
		if e.HasInterval() && math.Abs(e.Mean-centre) <= far {
			lo, hi = min(lo, max(e.Low, inner[0])), max(hi, min(e.High, inner[1]))
		}
	}
	for _, e := range references {
		if e.Known() && inner[0] <= e.Mean && e.Mean <= inner[1] {
			lo, hi = min(lo, e.Mean), max(hi, e.Mean)
		}
	}
	margin := 0.08 * (hi - lo)
	positive := means[0] >= 0
	lo, hi = lo-margin, hi+margin
	if positive {
		lo = max(lo, 0)
	}
	return lo, hi
}
