package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/addlab/addlab/eval"
)

// missing stands for a number that nobody measured.
const missing = "–"

const diverged = "diverged"

// decimals gives the median of xs three significant digits, and at least the given number of decimals.
func decimals(xs []float64, least int) int {
	xs = slices.DeleteFunc(xs, func(x float64) bool { return !finite(x) || x == 0 })
	if len(xs) == 0 {
		return least
	}
	slices.Sort(xs)
	return min(max(least, 2-int(math.Floor(math.Log10(xs[len(xs)/2])))), 6)
}

// digits are the decimals of a metric, shared by cells and references so that they compare at a glance.
func (t Table) digits(m Metric, of func(Row) float64) int {
	rows := t.Rows
	if len(rows) == 0 {
		rows = t.References
	}
	var xs []float64
	for _, r := range rows {
		xs = append(xs, math.Abs(of(r)))
	}
	return decimals(xs, m.Digits)
}

func (t Table) digitsOf(m Metric) int {
	if !m.Main || m.Whole {
		return m.Digits
	}
	return t.digits(m, func(r Row) float64 { return r.Values[m.Key].Mean })
}

func (t Table) digitsOfPaper(m Metric) int {
	return t.digits(m, func(r Row) float64 { return r.Paper[m.Key] })
}

// format prints the mean and, as tail, its interval: " ± 0.4", " [11.8, 13.1]" where it is lopsided, or nothing.
func format(e eval.Estimate, digits int) (mean, tail string) {
	if !e.Known() {
		return missing, ""
	}
	mean = formatNumber(e.Mean, digits)
	if !e.HasInterval() {
		return mean, ""
	}
	below, above := e.Mean-e.Low, e.High-e.Mean
	half := formatNumber((below+above)/2, digits)
	symmetric := formatNumber(below, digits) == formatNumber(above, digits) || math.Abs(below-above) < 1e-6*(below+above)
	switch {
	case !symmetric:
		return mean, " [" + formatNumber(e.Low, digits) + ", " + formatNumber(e.High, digits) + "]"
	case half == formatNumber(0, digits):
		return mean, " ± <" + formatNumber(math.Pow10(-digits), digits) // "± 0.0" would claim certainty
	}
	return mean, " ± " + half
}

// formatTest prints a difference with its interval, of two significant digits.
func formatTest(test eval.Test, least int) (difference, tail string) {
	digits, half := least, (test.Difference.High-test.Difference.Low)/2
	if half > 0 && finite(half) {
		digits = min(max(least, 1-int(math.Floor(math.Log10(half)))), 6)
	}
	difference, tail = format(test.Difference, digits)
	if test.Difference.Mean > 0 {
		difference = "+" + difference
	}
	return difference, tail
}

// FormatP writes "p = 0.012", or "p < 0.001".
func FormatP(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}

func formatNumber(x float64, digits int) string {
	if math.Abs(x) >= 1e7 {
		return strconv.FormatFloat(x, 'e', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

func formatCount(n int) string {
	if n <= 0 {
		return missing
	}
	return strconv.Itoa(n)
}

// formatSeeds says "2 of 3" where a seed diverged.
func formatSeeds(r Row) string {
	if r.SomeDiverged() {
		return fmt.Sprintf("%d of %d", r.Seeds-r.Diverged, r.Seeds)
	}
	return formatCount(r.Seeds)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
