package sweep

import (
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// seeds is a row whose seeds have these FIDs.
func seeds(name string, fid ...float64) report.Row {
	r := report.Row{Name: name, Seeds: len(fid)}
	for i, v := range fid {
		r.BySeed = append(r.BySeed, report.Seed{Seed: int64(i + 1), Values: map[string]float64{"fid": v}})
	}
	return r
}

// others gives the seeds of a row other numbers, so that it shares none.
func others(r report.Row) report.Row {
	for i := range r.BySeed {
		r.BySeed[i].Seed += 100
	}
	return r
}

// gone is a row all of whose seeds diverged.
func gone(name string) report.Row { return report.Row{Name: name, Seeds: 3, Diverged: 3} }

// shaky is a row of whose seeds one more diverged.
func shaky(r report.Row) report.Row {
	r.Seeds, r.Diverged = r.Seeds+1, 1
	return r
}

func tableOf(rows ...report.Row) report.Table {
	return report.Table{Metrics: columns(metrics), Rows: rows}
}

func TestClaims(t *testing.T) {
	better := ablations.Claim{Text: "a beats b", Metric: ablations.FID, Better: "a", Worse: "b"}
	worse := ablations.Claim{Text: "b is far worse", Metric: ablations.FID, Better: "a", Worse: "b", Factor: 3}
	same := ablations.Claim{Text: "a is close to b", Metric: ablations.FID, Better: "a", Worse: "b", Within: 0.1}
	for _, c := range []struct {
		why      string
		claim    ablations.Claim
		a, b     report.Row
		want     string
		sentence string
	}{
		{"far apart, without common seeds", better, seeds("a", 19, 20, 21), others(seeds("b", 29, 30, 31)), report.Confirmed, "FID of a better than b; a − b = -10.0 ± 2.3, p < 0.001, seeds 3 and 3."},
		{"far apart, by pairs", better, seeds("a", 19, 20, 21), seeds("b", 29, 30, 32), report.Confirmed, "a − b = -10.3 ± 1.4"},
		{"the other way round", better, seeds("a", 29, 30, 31), others(seeds("b", 19, 20, 21)), report.Refuted, "a − b = +10.0"},
		{"within the noise", better, seeds("a", 10, 20, 30), others(seeds("b", 15, 25, 35)), report.Undecided, "p = 0.573"},
		{"within the noise of the seeds, but not of their pairs", better, seeds("a", 10, 20, 30), seeds("b", 15, 25, 35.1), report.Confirmed, "p < 0.001, 3 pairs of seeds."},
		{"seeds that do not differ decide nothing", better, seeds("a", 20, 20), seeds("b", 20, 20), report.Undecided, "not tested, seeds 2 and 2"},
		{"one seed of each", better, seeds("a", 19), seeds("b", 30), report.Undecided, "not tested, seeds 1 and 1"},
		{"one was not measured", better, seeds("a", 19, 20), report.Row{Name: "b"}, report.Undecided, "seeds 2 and 0"},

		{"a seed that diverged leaves the lucky ones", better, shaky(seeds("a", 19, 20, 21)), seeds("b", 29, 30, 31.5), report.Undecided, "seeds 4 and 3"},
		{"some seeds that diverge show nothing either", worse, seeds("a", 19, 20, 21), shaky(seeds("b", 99, 100, 101)), report.Undecided, ""},

		{"three times is far worse, not less", worse, seeds("a", 19, 20, 21), others(seeds("b", 99, 100, 101)), report.Confirmed, "FID of b at least 3 times a; b − 3 × a = +40.0"},
		{"worse, but not far", worse, seeds("a", 19, 20, 21), others(seeds("b", 29, 30, 31)), report.Refuted, ""},
		{"far worse or not", worse, seeds("a", 19, 20, 21), others(seeds("b", 40, 60, 80)), report.Undecided, ""},
		{"no number at all is worse than any", worse, seeds("a", 19, 20, 21), gone("b"), report.Confirmed, ""},
		{"the better one diverged", worse, gone("a"), seeds("b", 19, 20), report.Refuted, ""},
		{"both diverged", worse, gone("a"), gone("b"), report.Undecided, ""},

		{"close, and shown to be", same, seeds("a", 20, 20.2, 20.1), seeds("b", 20.1, 20, 20.3), report.Confirmed, "FID of a within 10 % of b"},
		{"no difference is found, but nothing is shown either", same, seeds("a", 10, 20, 30), others(seeds("b", 12, 21, 29)), report.Undecided, "TOST p = "},
		{"different, and close all the same", same, seeds("a", 20, 20.01, 20.02), others(seeds("b", 20.5, 20.51, 20.52)), report.Confirmed, ""},
		{"far above, by the test that refutes", same, seeds("a", 29, 30, 31), others(seeds("b", 19, 20, 21)), report.Refuted, "beyond the bound, p < 0.001"},
		{"far below, by the test that refutes", same, seeds("a", 9, 10, 11), others(seeds("b", 19, 20, 21)), report.Refuted, "beyond the bound, p < 0.001"},
		{"the same numbers, seed by seed", same, seeds("a", 20, 21, 22), seeds("b", 20, 21, 22), report.Confirmed, "a − b = 0.0, TOST p < 0.001, 3 pairs"},
		{"the same number for all seeds", same, seeds("a", 20, 20), seeds("b", 20, 20), report.Confirmed, "TOST p < 0.001"},
		{"a difference without spread beyond the bound", same, seeds("a", 30, 30), seeds("b", 20, 20), report.Refuted, "beyond the bound, p < 0.001"},
		{"one diverged", same, seeds("a", 20, 21), gone("b"), report.Refuted, ""},
		{"one seed shows nothing", same, seeds("a", 20), seeds("b", 20), report.Undecided, "seeds 1 and 1"},
	} {
		t.Run(c.why, func(t *testing.T) {
			table := tableOf(c.a, c.b)
			got := judge(c.claim, table)
			if sentence := table.Sentence(got); got.Verdict != c.want || !strings.Contains(sentence, c.sentence) {
				t.Errorf("%q, %q, want %q and %q", got.Verdict, sentence, c.want, c.sentence)
			}
		})
	}
}

// The paper's FID is judged by drawing FID where all seeds of both cells have it.
func TestClaimsAboutFIDAreJudgedByDrawing(t *testing.T) {
	drawn := func(r report.Row, values ...float64) report.Row {
		for i, v := range values {
			r.BySeed[i].Values[drawingFID] = v
		}
		return r
	}
	claim := ablations.Claim{Text: "a beats b", Metric: ablations.FID, Better: "a", Worse: "b"}
	a, b := drawn(seeds("a", 30, 20, 10), .4, .41, .42), drawn(seeds("b", 20, 30, 10), .6, .62, .61)
	if got := judge(claim, tableOf(a, b)); got.Verdict != report.Confirmed || got.Metric != drawingFID {
		t.Errorf("%+v, want a confirmation by drawing FID", got)
	}
	delete(b.BySeed[2].Values, drawingFID)
	if got := judge(claim, tableOf(a, b)); got.Verdict != report.Undecided || got.Metric != ablations.FID {
		t.Errorf("%+v, want FID where a seed lacks the other", got)
	}
}

// What is not shown may still be shown to be smaller than in the paper: by ratio for FID, by the way from a blur for CLIP scores. In the
// paper a has .9 of b's FID, and a CLIP score better by a tenth of that way; here the way is .1 long.
func TestAnEffectAsLargeAsThePapersIsRuledOut(t *testing.T) {
	fid := ablations.Claim{Metric: ablations.FID, Better: "a", Worse: "b"}
	clip := ablations.Claim{Metric: ablations.CLIP, Better: "a", Worse: "b"}
	row := func(name string, paper ablations.Paper, metric string, values ...float64) report.Row {
		r := report.Row{Name: name, Paper: paper, Seeds: len(values)}
		for i, v := range values {
			r.BySeed = append(r.BySeed, report.Seed{Seed: int64(i), Values: map[string]float64{metric: v}})
		}
		return r
	}
	reference := func(name string, clip float64) report.Row {
		return report.Row{Name: name, Values: map[string]eval.Estimate{ablations.CLIP: {Mean: clip, N: 1}}}
	}
	a, b := ablations.Paper{ablations.FID: 18, ablations.CLIP: .3 + ablations.CLIPFromBlur/10}, ablations.Paper{ablations.FID: 20, ablations.CLIP: .3}
	for _, c := range []struct {
		why    string
		claim  ablations.Claim
		a, b   report.Row
		unread bool // the teacher was not measured
		want   string
	}{
		{"the same FID", fid, row("a", a, "fid", 50, 51, 50), row("b", b, "fid", 50, 50, 51), false, report.Smaller},
		{"FIDs that may differ by a tenth", fid, row("a", a, "fid", 50, 40, 50), row("b", b, "fid", 50, 50, 45), false, report.Undecided},
		{"no number in the paper", fid, row("a", nil, "fid", 50, 51, 50), row("b", b, "fid", 50, 50, 51), false, report.Undecided},
		{"the same CLIP score", clip, row("a", a, "clip", .851, .852, .853), row("b", b, "clip", .852, .852, .852), false, report.Smaller},
		{"CLIP scores that may differ by a tenth of the way", clip, row("a", a, "clip", .851, .862, .853), row("b", b, "clip", .852, .852, .852), false, report.Undecided},
		{"CLIP scores without a scale", clip, row("a", a, "clip", .851, .852, .853), row("b", b, "clip", .852, .852, .852), true, report.Undecided},
		{"a direction that is shown", clip, row("a", a, "clip", .853, .8531, .853), row("b", b, "clip", .852, .852, .852), false, report.Confirmed},
		{"the other direction", fid, row("a", a, "fid", 60, 61, 60), row("b", b, "fid", 50, 50, 51), false, report.Refuted},
	} {
		table := tableOf(c.a, c.b)
		if !c.unread {
			table.References = []report.Row{reference(teacherBlur, .76), reference(teacherGood, .86)}
		}
		if v := judge(c.claim, table); v.Verdict != c.want {
			t.Errorf("%s: %q with %+v, want %q", c.why, v.Verdict, v.Test, c.want)
		}
	}
}

// Effect, interval and p agree: the interval leaves out 0 exactly where a claim is decided.
func TestVerdictsFollowFromTheirIntervals(t *testing.T) {
	claim := ablations.Claim{Metric: ablations.FID, Better: "a", Worse: "b"}
	for shift := -3.0; shift <= 3; shift += .25 {
		b := seeds("b", 20+shift, 21.3+shift, 22.1+shift, 22.8+shift)
		v := judge(claim, tableOf(seeds("a", 20, 21, 22, 23), b))
		if decided := v.Test.Difference.Low > 0 || v.Test.Difference.High < 0; decided != (v.Verdict != report.Undecided) || decided != (v.Test.P < .05) {
			t.Errorf("shift %g: %s with %+v", shift, v.Verdict, *v.Test)
		}
	}
}

// Each row is tested against the cell that the table names, in every metric that both have.
func TestRowsAreComparedWithTheNamedCell(t *testing.T) {
	with := func(r report.Row, imbalance ...float64) report.Row {
		for i, v := range imbalance {
			r.BySeed[i].Values["imbalance"] = v
		}
		return r
	}
	rows := []report.Row{
		with(seeds("both", 19, 20, 22), .36, .38, .41), with(seeds("far", 99, 100, 101), .12, .10, .14), seeds("near", 19.5, 20, 21.8), gone("gone"), seeds("one seed", 20), shaky(seeds("shaky", 19, 20, 21)),
	}
	rows[0].Default = true
	table := tableOf(rows...)
	compareRows(&table, nil)
	for _, r := range table.Rows {
		fid, ok := r.Tests["fid"]
		if ok != (r.Name == "far" || r.Name == "near") || ok && (fid.P < .05) != (r.Name == "far") {
			t.Errorf("%s: FID is tested: %t, p = %g", r.Name, ok, fid.P)
		}
		if test, ok := r.Tests["imbalance"]; ok != (r.Name == "far") || ok && test.Difference.Mean > 0 {
			t.Errorf("%s: imbalance is tested: %t, difference %g", r.Name, ok, test.Difference.Mean)
		}
	}
	table = tableOf(rows...)
	table.Against = "far"
	for i := range table.Rows {
		table.Rows[i].Tests = nil
	}
	compareRows(&table, nil)
	if got := table.Rows[0].Tests["fid"].Difference.Mean; got > -75 {
		t.Errorf("against the cell far: difference %g", got)
	}
}

// A verdict of a row is that of the paper's claim about the two cells, or of its order.
func TestVerdictsOfRows(t *testing.T) {
	worse, mixed := ablations.Paper{"fid": 25, "clip": .30}, ablations.Paper{"fid": 25, "clip": .33}
	row := func(name string, fid, clip float64, paper ablations.Paper) report.Row {
		r := report.Row{Name: name, Seeds: 3, Paper: paper}
		for k, off := range []float64{-1, 0, 1} {
			r.BySeed = append(r.BySeed, report.Seed{Seed: int64(k), Values: map[string]float64{"fid": fid + off, "clip": clip + off*.001}})
		}
		return r
	}
	diverged := gone("cell")
	diverged.Paper = worse
	alone := row("cell", 90, .10, worse)
	alone.Seeds, alone.BySeed = 1, alone.BySeed[:1]
	base := row("base", 20, .32, ablations.Paper{"fid": 20.6, "clip": .319})
	base.Default, base.BySeed[0].Values["fid"], base.BySeed[1].Values["clip"] = true, 19.2, .323
	for _, c := range []struct {
		why           string
		cell          report.Row
		verdict, note string
		claims        []ablations.Claim
	}{
		{"worse in both, as in the paper", row("cell", 30, .30, worse), report.Confirmed, "", nil},
		{"better in both, against the paper", row("cell", 10, .34, worse), report.Refuted, "", nil},
		{"within the spread of the seeds", row("cell", 20.05, .3205, worse), report.Smaller, "FID smaller, CLIP undecided", nil},
		{"one metric decided, the other not", row("cell", 30, .3205, worse), report.Undecided, "FID confirmed, CLIP undecided", nil},
		{"one metric against the paper", row("cell", 30, .34, worse), report.Refuted, "FID confirmed, CLIP refuted", nil},
		{"the paper's metrics disagree, and so do ours", row("cell", 30, .34, mixed), report.Confirmed, "", nil},
		{"a cell without numbers is worse than any", diverged, report.Confirmed, "", nil},
		{"one seed is no evidence", alone, report.Undecided, "", nil},
		{"not published", row("cell", 30, .30, nil), "", "", nil},
		{"the paper has FID only", row("cell", 30, .1, ablations.Paper{"fid": 30}), report.Confirmed, "", nil},
		{"the paper claims closeness of FID", row("cell", 30, .30, worse), report.Refuted, "FID refuted, CLIP confirmed", []ablations.Claim{{Metric: "fid", Better: "cell", Worse: "base", Within: .1}}},
		{"the paper claims it is far worse", row("cell", 30, .30, worse), report.Refuted, "FID refuted, CLIP confirmed", []ablations.Claim{{Metric: "fid", Better: "base", Worse: "cell", Factor: 3}}},
		{"two claims, of which one is refuted", row("cell", 20.05, .2, worse), report.Refuted, "FID smaller, CLIP refuted", []ablations.Claim{{Metric: "clip", Better: "cell", Worse: "base", Within: .1}, {Metric: "clip", Better: "base", Worse: "cell"}}},
		{"a claim about another cell", row("cell", 30, .30, worse), report.Confirmed, "", []ablations.Claim{{Metric: "fid", Better: "cell", Worse: "other", Within: .1}}},
	} {
		t.Run(c.why, func(t *testing.T) {
			table := tableOf(base, c.cell)
			compareRows(&table, c.claims)
			got := table.Rows[1]
			if got.Verdict != c.verdict || got.Note != c.note {
				t.Errorf("verdict = %q, %q, want %q, %q", got.Verdict, got.Note, c.verdict, c.note)
			}
		})
	}
}
