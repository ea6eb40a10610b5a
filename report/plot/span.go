package plot

import (
	"math"
	"slices"

	"gonum.org/v1/plot"

	"github.com/addlab/addlab/eval"
)

type span struct {
	lo, hi float64
	log    bool // logarithmic
}

// logarithmicFrom is the ratio of two cells from which their axis is logarithmic: a cell that is worse by orders of magnitude
// would press all others into one spot.
const logarithmicFrom = 3

// axisSpan chooses the stretch of an axis that shows how cells differ. It holds the means of all of them, and is logarithmic where they are
// many times one another and ratios allows it. What lies outside is drawn as an arrow: references far from every cell, and the ends of
// intervals far wider than usual.
func axisSpan(cells, references []eval.Estimate, ratios bool) span {
	means := meansOf(cells)
	if len(means) == 0 && len(references) > 0 {
		return axisSpan(references, nil, ratios)
	}
	if len(means) == 0 {
		return span{lo: 0, hi: 1}
	}
	lowest, highest := means[0], means[len(means)-1]
	// Small differences must look small: the axis spans at least a tenth of the value.
	const least = 0.1
	if ratios && lowest > 0 && highest > logarithmicFrom*lowest {
		lo, hi := stretch(logarithms(cells), logarithms(references), least)
		return span{math.Exp(lo), math.Exp(hi), true}
	}
	lo, hi := stretch(cells, references, least*math.Abs(means[len(means)/2]))
	if lowest >= 0 {
		lo = max(lo, 0)
	}
	return span{lo: lo, hi: hi}
}

// stretch reaches over all cells, and over intervals and references that lie within its own length of them.
func stretch(cells, references []eval.Estimate, least float64) (lo, hi float64) {
	means := meansOf(cells)
	lo, hi = means[0], means[len(means)-1]
	if hi-lo < least {
		lo, hi = (lo+hi-least)/2, (lo+hi+least)/2
	}
	if hi == lo {
		lo, hi = lo-1, hi+1
	}
	var halves []float64
	for _, e := range cells {
		if e.HasInterval() {
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
		if e.HasInterval() {
			lo, hi = min(lo, max(e.Low, inner[0])), max(hi, min(e.High, inner[1]))
		}
	}
	for _, e := range references {
		if e.Known() && inner[0] <= e.Mean && e.Mean <= inner[1] {
			lo, hi = min(lo, e.Mean), max(hi, e.Mean)
		}
	}
	margin := 0.08 * (hi - lo)
	return lo - margin, hi + margin
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

// logarithms of means and intervals; what has none is left out, and an interval that reaches 0 has none below its mean.
func logarithms(estimates []eval.Estimate) (logs []eval.Estimate) {
	for _, e := range estimates {
		if !e.Known() || e.Mean <= 0 {
			continue
		}
		log := eval.Alone(math.Log(e.Mean), e.N)
		if e.HasInterval() {
			log.Low, log.High = log.Mean, math.Log(e.High)
			if e.Low > 0 {
				log.Low = math.Log(e.Low)
			}
		}
		logs = append(logs, log)
	}
	return logs
}

// at is the place of a value, 0 at the lower end and 1 at the upper one; what has no logarithm lies below.
func (s span) at(v float64) float64 {
	switch {
	case !s.log:
		return (v - s.lo) / (s.hi - s.lo)
	case v <= 0:
		return -1
	}
	return math.Log(v/s.lo) / math.Log(s.hi/s.lo)
}

type spanTicks struct {
	span
	most int // labels that fit
}

// Ticks implements [plot.Ticker].
func (t spanTicks) Ticks(_, _ float64) []plot.Tick {
	ticks := evenTicks{most: t.most}.Ticks(t.lo, t.hi)
	if t.log {
		ticks = logTicks{most: t.most}.Ticks(t.lo, t.hi)
	}
	for i := range ticks {
		ticks[i].Value = t.at(ticks[i].Value)
	}
	return ticks
}
