package report

import (
	"math"
	"slices"
	"strconv"
)

// missing stands for a number that nobody measured.
const missing = "–"

// collapsed stands for an FID that was measured and is not finite.
const collapsed = "collapsed"

// precision is the number of decimals per metric, shared by cells and references so that they compare at a glance.
type precision struct{ fid, clip, align, paperFID, paperCLIP int }

func (t Table) precision() precision {
	rows := t.Rows
	if len(rows) == 0 {
		rows = t.References
	}
	metric := func(least int, of func(Row) float64) int {
		var xs []float64
		for _, r := range rows {
			if x := of(r); published(x) {
				xs = append(xs, math.Abs(x))
			}
		}
		return decimals(xs, least)
	}
	paper := func(of func(Score) float64) func(Row) float64 {
		return func(r Row) float64 {
			if r.Paper == nil {
				return 0
			}
			return of(*r.Paper)
		}
	}
	return precision{
		fid:       metric(1, func(r Row) float64 { return r.FID.Mean }),
		clip:      metric(3, func(r Row) float64 { return r.CLIP.Mean }),
		align:     metric(3, func(r Row) float64 { return r.Align.Mean }),
		paperFID:  metric(1, paper(func(s Score) float64 { return s.FID })),
		paperCLIP: metric(3, paper(func(s Score) float64 { return s.CLIP })),
	}
}

// decimals gives the median of xs three significant digits, and at least the given number of decimals.
func decimals(xs []float64, least int) int {
	if len(xs) == 0 {
		return least
	}
	slices.Sort(xs)
	median := xs[len(xs)/2]
	return min(max(least, 2-int(math.Floor(math.Log10(median)))), 6)
}

// format prints the mean and, as tail, its interval: " ± 0.4", " [11.8, 13.1]" where it is lopsided, or nothing.
func (e Estimate) format(prec int) (mean, tail string) {
	if !e.Known() {
		return missing, ""
	}
	mean = formatNumber(e.Mean, prec)
	if !e.HasInterval() {
		return mean, ""
	}
	below, above := e.Mean-e.Low, e.High-e.Mean
	half := formatNumber((below+above)/2, prec)
	symmetric := formatNumber(below, prec) == formatNumber(above, prec) || math.Abs(below-above) < 1e-6*(below+above)
	switch {
	case !symmetric:
		return mean, " [" + formatNumber(e.Low, prec) + ", " + formatNumber(e.High, prec) + "]"
	case half == formatNumber(0, prec):
		// "± 0.0" would claim certainty.
		return mean, " ± <" + formatNumber(math.Pow10(-prec), prec)
	}
	return mean, " ± " + half
}

func formatPublished(x float64, prec int) string {
	if !published(x) {
		return missing
	}
	return formatNumber(x, prec)
}

func formatNumber(x float64, prec int) string {
	if math.Abs(x) >= 1e7 {
		return strconv.FormatFloat(x, 'e', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', prec, 64)
}

func formatCount(n int) string {
	if n <= 0 {
		return missing
	}
	return strconv.Itoa(n)
}
