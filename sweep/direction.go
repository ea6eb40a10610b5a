package sweep

import (
	"math"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// better tells which of two rows is better in a metric: +1 for a, −1 for b, 0 where nothing is decided. A row without numbers has
// collapsed, which is worse than any number.
//
// Welch's test over seeds decides at 5 %. With one seed nothing is decided: the interval of its evaluation, over pictures, tells two
// students apart, not two recipes, and the next seed may turn the order around.
func better(metric string, a, b report.Row) int {
	sign := -1 // lower is better
	if metric == ablations.CLIP {
		sign = 1
	}
	switch {
	case a.Collapsed() && b.Collapsed(), unsteady(a), unsteady(b):
		return 0
	case b.Collapsed():
		return known(of(metric, a))
	case a.Collapsed():
		return -known(of(metric, b))
	}
	switch c, err := welch(metric, a, b); {
	case err != nil || c.P >= 1-confidence:
		return 0
	case c.Difference.Mean > 0:
		return sign
	default:
		return -sign
	}
}

// unsteady is a row of which some seeds diverged and some did not: the means of the others say too little of its recipe for a test.
func unsteady(r report.Row) bool { return !r.Collapsed() && len(r.BySeed) < r.Seeds }

// compared counts the seeds that a test sees; of a row that collapsed, those that were tried.
func compared(r report.Row) int {
	if r.Collapsed() {
		return r.Seeds
	}
	return len(r.BySeed)
}

// of is a row's estimate of a metric.
func of(metric string, r report.Row) report.Estimate {
	if metric == ablations.CLIP {
		return r.CLIP
	}
	return r.FID
}

// values are the numbers of a row's seeds.
func values(metric string, r report.Row) (x []float64) {
	for _, s := range r.BySeed {
		if metric == ablations.CLIP {
			x = append(x, s.CLIP)
		} else {
			x = append(x, s.FID)
		}
	}
	return x
}

// welch compares the seeds of two rows; the difference is a less b.
func welch(metric string, a, b report.Row) (eval.Comparison, error) {
	return eval.Welch(values(metric, b), values(metric, a), confidence)
}

func known(e report.Estimate) int {
	if e.Known() {
		return 1
	}
	return 0
}

// direction compares the sign of (cell − default) in ours with the paper's, for both metrics. The row agrees if both do, and
// differs if one does; note tells the two apart where they are not the same.
func direction(cell, byDefault report.Row) (verdict, note string) {
	if cell.Paper == nil || byDefault.Paper == nil || cell.Default {
		return "", ""
	}
	paper := map[string]float64{ablations.FID: byDefault.Paper.FID - cell.Paper.FID, ablations.CLIP: cell.Paper.CLIP - byDefault.Paper.CLIP}
	var each []string
	count := map[string]int{}
	for _, metric := range []string{ablations.FID, ablations.CLIP} {
		theirs := paper[metric] // > 0 where the cell is better
		if theirs == 0 || math.IsNaN(theirs) {
			continue
		}
		v := report.Undecided
		if ours := better(metric, cell, byDefault); ours != 0 {
			v = report.Differs
			if (ours > 0) == (theirs > 0) {
				v = report.Agrees
			}
		}
		each = append(each, metric+" "+v)
		count[v]++
	}
	switch {
	case len(each) == 0:
		return "", ""
	case count[report.Differs] > 0:
		verdict = report.Differs
	case count[report.Undecided] > 0:
		verdict = report.Undecided
	default:
		verdict = report.Agrees
	}
	if count[verdict] < len(each) {
		note = strings.Join(each, ", ")
	}
	return verdict, note
}
