package plot

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// evenTicks labels round numbers at even distances, all with the same number of decimals.
type evenTicks struct {
	most  int  // labels that fit
	whole bool // whole numbers only
}

// Ticks implements [plot.Ticker].
func (e evenTicks) Ticks(lo, hi float64) []plot.Tick {
	most := float64(max(e.most, 2))
	exponent := int(math.Floor(math.Log10((hi - lo) / most)))
	if e.whole {
		exponent = max(exponent, 0)
	}
	step, decimals := math.Pow10(exponent), max(0, -exponent)
	for _, s := range []struct{ factor, more int }{{1, 0}, {2, 0}, {5, 0}, {10, -1}, {20, -1}} {
		coarser := float64(s.factor) * math.Pow10(exponent)
		count := math.Floor(hi/coarser) - math.Ceil(lo/coarser) + 1
		if count < 2 {
			break // one label gives no scale
		}
		step, decimals = coarser, max(0, -exponent+s.more)
		if count <= most {
			break
		}
	}
	var ticks []plot.Tick
	for k := math.Ceil(lo / step); k*step <= hi; k++ {
		v := k*step + 0 // no minus before a zero
		label := strconv.FormatFloat(v, 'f', decimals, 64)
		if math.Abs(v) >= 1e7 || decimals > 5 {
			label = strconv.FormatFloat(v, 'g', 3, 64)
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label})
	}
	return ticks
}

// logTicks labels decades, and 2 and 5 or 3 between them where there is room.
type logTicks struct{ most int } // labels that fit

// Ticks implements [plot.Ticker].
func (l logTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	first, last := int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi)))
	type mark struct{ m, k int } // m·10ᵏ
	var marks []mark
	for k := first; k <= last; k++ {
		for m := 1; m < 10; m++ {
			if v := float64(m) * math.Pow10(k); lo <= v && v <= hi {
				marks = append(marks, mark{m, k})
			}
		}
	}
	labelled := func(int, int) bool { return true } // every tick, where two others lie outside
	for _, rule := range logRules(last - first) {
		count := 0
		for _, t := range marks {
			if rule(t.m, t.k) {
				count++
			}
		}
		if count < 2 {
			break // one label gives no scale
		}
		if labelled = rule; count <= max(l.most, 2) {
			break
		}
	}
	for _, t := range marks {
		tick := plot.Tick{Value: float64(t.m) * math.Pow10(t.k)}
		switch {
		case !labelled(t.m, t.k):
		case tick.Value >= 1 && tick.Value < 1e6:
			tick.Label = strconv.FormatFloat(tick.Value, 'f', 0, 64)
		default:
			tick.Label = strconv.FormatFloat(tick.Value, 'g', 3, 64)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// logRules tell which multiples m of 10ᵏ have labels, from many to few.
func logRules(decades int) []func(m, k int) bool {
	rules := []func(m, k int) bool{
		func(m, k int) bool { return m == 1 || m == 2 || m == 5 },
		func(m, k int) bool { return m == 1 || m == 3 },
	}
	for every := 1; every <= max(decades, 1); every++ {
		rules = append(rules, func(m, k int) bool { return m == 1 && k%every == 0 })
	}
	return rules
}
