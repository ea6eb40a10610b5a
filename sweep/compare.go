package sweep

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// difference tests a − factor × b over seeds. Rows with seeds that diverged are not tested: those that are left were chosen by luck.
func difference(metric string, a, b report.Row, factor float64) (eval.Test, error) {
	if a.Diverged+b.Diverged > 0 {
		return eval.Test{}, errors.New("sweep: a seed diverged")
	}
	times := b.Of(metric)
	for seed := range times {
		times[seed] *= factor
	}
	return eval.Compare(times, a.Of(metric), confidence)
}

// measure is what a claim is judged by. The paper's captions are long and leave little open, so that its FID is compared with drawing FID,
// of captions that state everything; FID over all captions also counts what students choose for themselves.
func measure(metric string, rows ...report.Row) string {
	if metric != ablations.FID {
		return metric
	}
	drawn := 0
	for _, r := range rows {
		if len(r.Of(drawingFID)) < len(r.Of(metric)) { // older measurements, and data without such captions
			return metric
		}
		drawn += len(r.Of(drawingFID))
	}
	if drawn == 0 {
		return metric
	}
	return drawingFID
}

func judge(c ablations.Claim, t report.Table) report.Verdict {
	var a, b report.Row
	for _, r := range t.Rows {
		switch r.Name {
		case c.Better:
			a = r
		case c.Worse:
			b = r
		}
	}
	by := measure(c.Metric, a, b)
	v := report.Verdict{
		Claim: c.Text, Metric: by, Better: c.Better, Worse: c.Worse, Factor: c.Factor, Within: c.Within, Seeds: [2]int{a.Seeds, b.Seeds}, Verdict: report.Undecided,
	}
	lower := t.Metric(by).Better == report.Lower
	switch {
	case a.Seeds == 0 || b.Seeds == 0 || a.SomeDiverged() || b.SomeDiverged() || a.AllDiverged() && b.AllDiverged():
	case a.AllDiverged() || c.Within > 0 && b.AllDiverged():
		v.Verdict = report.Refuted
	case b.AllDiverged(): // worse than any number
		v.Verdict = report.Confirmed
	case c.Within > 0:
		judgeSame(a, b, &v)
	case c.Factor > 0:
		if test, err := difference(by, b, a, c.Factor); err == nil {
			v.Test, v.Verdict = &test, signed(test, lower)
		}
	default:
		if test, err := difference(by, a, b, 1); err == nil {
			v.Test, v.Verdict = &test, signed(test, !lower)
			if v.Verdict == report.Undecided && smaller(c, a, b, t) {
				v.Verdict = report.Smaller
			}
		}
	}
	return v
}

// smaller reports whether the seeds rule out that a is better than b by as much as in the paper. FIDs are compared by their ratio, CLIP
// scores, whose zero means nothing, by the share that their difference has of the way from a blur to a good picture.
func smaller(c ablations.Claim, a, b report.Row, t report.Table) bool {
	theirs, against := a.Paper[c.Metric], b.Paper[c.Metric]
	switch {
	case theirs == 0 || against == 0:
		return false
	case c.Metric == ablations.FID:
		test, err := difference(measure(c.Metric, a, b), a, b, theirs/against)
		return err == nil && test.P < 1-confidence && test.Difference.Mean > 0
	case c.Metric == ablations.CLIP:
		test, err := difference(c.Metric, a, b, 1)
		way := t.Reference(teacherGood).Values[c.Metric].Mean - t.Reference(teacherBlur).Values[c.Metric].Mean
		return err == nil && way > 0 && test.Difference.High/way < (theirs-against)/ablations.CLIPFromBlur
	}
	return false
}

// signed confirms a difference above 0 where that is claimed, or else one below it.
func signed(test eval.Test, above bool) string {
	switch {
	case test.P >= 1-confidence:
		return report.Undecided
	case (test.Difference.Mean > 0) == above:
		return report.Confirmed
	}
	return report.Refuted
}

// judgeSame confirms where two one-sided tests (TOST, Schuirmann 1987) reject a ratio outside 1 ± Within, and refutes where a two-sided
// test rejects every ratio inside. A difference without spread decides by itself.
func judgeSame(a, b report.Row, v *report.Verdict) {
	test, err := difference(v.Metric, a, b, 1)
	low, err2 := difference(v.Metric, a, b, 1-v.Within)
	high, err3 := difference(v.Metric, a, b, 1+v.Within)
	if slices.ContainsFunc([]error{err, err2, err3}, func(err error) bool { return err != nil && !errors.Is(err, eval.ErrNoSpread) }) {
		return
	}
	v.Test, test.P = &test, math.Max(oneSided(low, 1), oneSided(high, -1))
	switch {
	case test.P < 1-confidence:
		v.Verdict = report.Confirmed
	case low.P < 1-confidence && low.Difference.Mean < 0:
		v.Verdict, test.P = report.Refuted, low.P
	case high.P < 1-confidence && high.Difference.Mean > 0:
		v.Verdict, test.P = report.Refuted, high.P
	}
}

func oneSided(t eval.Test, side float64) float64 {
	if t.Difference.Mean*side > 0 {
		return t.P / 2
	}
	return 1 - t.P/2
}

// compareRows tests every row against the cell that the table compares with, in every metric, and whether the paper is right about it.
func compareRows(t *report.Table, claims []ablations.Claim) {
	for _, base := range t.Rows {
		if !t.ComparesWith(base) || base.Seeds == 0 {
			continue
		}
		for i := range t.Rows {
			row := &t.Rows[i]
			if t.ComparesWith(*row) || row.Seeds == 0 {
				continue
			}
			for _, m := range t.Metrics {
				if test, err := difference(m.Key, *row, base, 1); err == nil {
					if row.Tests == nil {
						row.Tests = map[string]eval.Test{}
					}
					row.Tests[m.Key] = test
				}
			}
			verdict, note := asInPaper(*row, base, *t, claims)
			row.Verdict, row.Note = verdict, join(row.Note, note)
		}
	}
}

// asInPaper is the verdict on what the paper says of row and base in every metric: its claims about the two or, where it makes none,
// which is better. The least favourable counts. Metrics that come out differently are named in note.
func asInPaper(row, base report.Row, t report.Table, claims []ablations.Claim) (verdict, note string) {
	var each []string
	all := map[string]bool{}
	for _, m := range t.Metrics {
		theirs, ok := row.Paper[m.Key]
		against, too := base.Paper[m.Key]
		if !ok || !too || theirs == against {
			continue
		}
		said := map[string]bool{}
		for _, c := range claims {
			if c.Metric == m.Key && (c.Better == row.Name && c.Worse == base.Name || c.Better == base.Name && c.Worse == row.Name) {
				said[judge(c, t).Verdict] = true
			}
		}
		if len(said) == 0 {
			c := ablations.Claim{Metric: m.Key, Better: base.Name, Worse: row.Name}
			if (theirs < against) == (m.Better == report.Lower) {
				c.Better, c.Worse = row.Name, base.Name
			}
			said[judge(c, t).Verdict] = true
		}
		v := worst(said)
		each, all[v] = append(each, t.Metric(measure(m.Key, row, base)).Name+" "+v), true
	}
	if len(all) > 1 {
		note = strings.Join(each, ", ")
	}
	return worst(all), note
}

// worst is the least favourable of some verdicts, "" of none.
func worst(verdicts map[string]bool) string {
	for _, v := range []string{report.Refuted, report.Smaller, report.Undecided, report.Confirmed} {
		if verdicts[v] {
			return v
		}
	}
	return ""
}
