package plot

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// evenTicks labels round numbers, with about so many steps between them, all with the same number of decimals.
type evenTicks float64

// Ticks implements [plot.Ticker].
func (steps evenTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	exponent := math.Floor(math.Log10((hi - lo) / float64(steps)))
	step, decimals := math.Pow(10, exponent), -exponent
	for _, coarser := range []float64{2, 2.5, 2} {
		if (hi-lo)/step <= float64(steps) || (hi-lo)/step/coarser < 2 { // one label gives no scale
			break
		}
		step *= coarser
	}
	if step >= math.Pow(10, exponent+1) {
		decimals--
	}
	for k := math.Ceil(lo / step); k*step <= hi; k++ {
		v := k*step + 0 // no minus before a zero
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', max(0, int(decimals)), 64)})
	}
	return ticks
}

// panelTicks are even ticks of an axis as narrow as a panel's: where labels are long, every second tick has one.
type panelTicks struct{}

// Ticks implements [plot.Ticker].
func (panelTicks) Ticks(lo, hi float64) []plot.Tick {
	ticks := evenTicks(4).Ticks(lo, hi)
	for i := range ticks {
		if len(ticks) > 2 && len(ticks[i].Label) > 3 && i%2 == 1 {
			ticks[i].Label = ""
		}
	}
	return ticks
}

// logTicks are those of gonum, with labels between the decades too until there are so many: one label gives no scale.
type logTicks struct{ labels int }

// Ticks implements [plot.Ticker].
func (l logTicks) Ticks(lo, hi float64) []plot.Tick {
	ticks := plot.LogTicks{}.Ticks(lo/10, hi) // gonum rounds the first decade up where it is below 1
	ticks = slices.CompactFunc(ticks, func(a, b plot.Tick) bool { return a.Value == b.Value })
	ticks = slices.DeleteFunc(ticks, func(t plot.Tick) bool { return t.Value < lo || t.Value > hi })
	for _, labelled := range []string{"1", "13", "125", "123456789"} {
		count := 0
		for i, t := range ticks {
			ticks[i].Label = ""
			if leading := strconv.FormatFloat(t.Value, 'e', 0, 64)[:1]; strings.Contains(labelled, leading) {
				ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 4, 64)
				count++
			}
		}
		if count >= l.labels {
			break
		}
	}
	return ticks
}
