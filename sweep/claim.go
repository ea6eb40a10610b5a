package sweep

import (
	"errors"
	"math"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// claim tests one claim of an axis against its rows.
type claim struct{ ablations.Claim }

// judge says whether the rows bear a claim out.
func (c claim) judge(rows []report.Row) report.Verdict {
	var a, b report.Row
	for _, r := range rows {
		switch r.Name {
		case c.Better:
			a = r
		case c.Worse:
			b = r
		}
	}
	v := report.Verdict{
		Claim: c.Text, Metric: c.Metric, Better: c.Better, Worse: c.Worse, Factor: c.Factor, Within: c.Within, Paired: c.Paired,
		Seeds: [2]int{compared(a), compared(b)}, Verdict: report.Undecided,
	}
	x, y := of(c.Metric, a), of(c.Metric, b)
	if x.Known() && y.Known() {
		d := x.Mean - y.Mean
		v.Difference = report.Estimate{Mean: d, Low: d, High: d, N: 1}
	}
	if w, err := c.compare(a, b, 1); err == nil {
		v.Difference, v.P = report.Estimate(w.Difference), &w.P
		if g, err := eval.HedgesG(values(c.Metric, b), values(c.Metric, a)); err == nil {
			v.Effect = &g
		}
	}
	switch {
	case a.Seeds == 0 || b.Seeds == 0: // not measured
	case unsteady(a) || unsteady(b): // what is left of them was chosen by luck
	case c.Within > 0:
		c.judgeSame(a, b, &v)
	case c.Factor > 0:
		c.judgeCollapse(a, b, &v)
	default:
		v.Verdict = map[int]string{1: report.Confirmed, 0: report.Undecided, -1: report.Refuted}[c.better(a, b)]
	}
	return v
}

// better is the package's comparison, by pairs where the claim has them.
func (c claim) better(a, b report.Row) int {
	if !c.Paired || a.Collapsed() || b.Collapsed() {
		return better(c.Metric, a, b)
	}
	w, err := c.compare(a, b, 1)
	if err != nil {
		return better(c.Metric, a, b)
	}
	sign := -1
	if c.Metric == ablations.CLIP {
		sign = 1
	}
	switch {
	case w.P >= 1-confidence:
		return 0
	case w.Difference.Mean > 0:
		return sign
	}
	return -sign
}

// judgeCollapse tests whether the worse FID is Factor times the better one's. A cell that gave no number has collapsed.
func (c claim) judgeCollapse(a, b report.Row, v *report.Verdict) {
	switch {
	case b.Collapsed() && !a.Collapsed():
		v.Verdict = report.Confirmed
	case a.Collapsed():
		v.Verdict = report.Undecided
	default:
		w, err := c.compare(b, a, c.Factor)
		if err != nil {
			return
		}
		v.P = &w.P
		if w.P < 1-confidence && w.Difference.Mean > 0 {
			v.Verdict = report.Confirmed
		} else if w.P < 1-confidence {
			v.Verdict = report.Refuted
		}
	}
}

// judgeSame confirms where both one-sided tests reject a ratio outside 1 ± Within, and refutes where a two-sided test rejects every
// ratio inside; p is that of the test that decided.
func (c claim) judgeSame(a, b report.Row, v *report.Verdict) {
	if a.Collapsed() != b.Collapsed() {
		v.Verdict = report.Refuted
		return
	}
	low, err := c.compare(a, b, 1-c.Within)
	high, err2 := c.compare(a, b, 1+c.Within)
	if errors.Join(err, err2) != nil {
		return
	}
	above, below := oneSided(low, 1), oneSided(high, -1)
	p := math.Max(above, below)
	v.P = &p
	switch {
	case p < 1-confidence:
		v.Verdict = report.Confirmed
	case low.P < 1-confidence && low.Difference.Mean < 0:
		v.Verdict, v.P = report.Refuted, &low.P
	case high.P < 1-confidence && high.Difference.Mean > 0:
		v.Verdict, v.P = report.Refuted, &high.P
	}
}

// oneSided is the p-value of a difference on the given side of 0.
func oneSided(c eval.Comparison, side float64) float64 {
	if c.Difference.Mean*side > 0 {
		return c.P / 2
	}
	return 1 - c.P/2
}

// compare tests a less factor times b over seeds.
func (c claim) compare(a, b report.Row, factor float64) (eval.Comparison, error) {
	x, y := values(c.Metric, a), values(c.Metric, b)
	if c.Paired {
		x, y = pairs(c.Metric, a, b)
	}
	for i := range y {
		y[i] *= factor
	}
	if c.Paired {
		return eval.Paired(y, x, confidence)
	}
	return eval.Welch(y, x, confidence)
}

// pairs are the values of the seeds that both rows have.
func pairs(metric string, a, b report.Row) (x, y []float64) {
	other := map[int64]float64{}
	for i, v := range values(metric, b) {
		other[b.BySeed[i].Seed] = v
	}
	for i, v := range values(metric, a) {
		if w, ok := other[a.BySeed[i].Seed]; ok {
			x, y = append(x, v), append(y, w)
		}
	}
	return x, y
}
