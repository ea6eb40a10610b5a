package ablations

import (
	"fmt"
	"math"
	"strings"

	"github.com/addlab/addlab/report"
)

// better tells which of two rows is better in a metric: +1 for a, −1 for b, 0 where the 95 % intervals overlap or are not known.
// A row without numbers has collapsed, which is worse than any number.
//
// Two intervals that do not touch are stricter than a test of the difference at 5 %. With one seed the intervals are those
// of the evaluation, over pictures: they say that these two students differ, not that their recipes do.
func better(metric string, a, b report.Row) int {
	of := func(r report.Row) report.Estimate { return r.FID }
	sign := -1 // lower is better
	if metric == CLIP {
		of, sign = func(r report.Row) report.Estimate { return r.CLIP }, 1
	}
	switch x, y := of(a), of(b); {
	case a.Collapsed() && b.Collapsed():
		return 0
	case b.Collapsed():
		return known(x)
	case a.Collapsed():
		return -known(y)
	case !x.HasInterval() || !y.HasInterval():
		return 0
	case x.Low > y.High:
		return sign
	case x.High < y.Low:
		return -sign
	}
	return 0
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
	paper := map[string]float64{FID: byDefault.Paper.FID - cell.Paper.FID, CLIP: cell.Paper.CLIP - byDefault.Paper.CLIP}
	var each []string
	count := map[string]int{}
	for _, metric := range []string{FID, CLIP} {
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

// Verdicts of a claim.
const (
	Confirmed = "confirmed"
	Refuted   = "refuted"
)

// judge says whether the rows bear a claim out.
func (c Claim) judge(rows []report.Row) (verdict, sentence string) {
	var a, b report.Row
	for _, r := range rows {
		switch r.Name {
		case c.Better:
			a = r
		case c.Worse:
			b = r
		}
	}
	verdict = map[int]string{1: Confirmed, 0: report.Undecided, -1: Refuted}[better(c.Metric, a, b)]
	return verdict, fmt.Sprintf("The paper finds that %s (%s: %s better than %s): %s.", c.Text, c.Metric, c.Better, c.Worse, verdict)
}
