package sweep

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report"
)

// seeds is a row whose seeds have these FIDs.
func seeds(name string, fid ...float64) report.Row {
	r := report.Row{Name: name, Seeds: len(fid)}
	var sum float64
	for i, v := range fid {
		r.BySeed = append(r.BySeed, report.SeedScore{Seed: int64(i + 1), FID: v})
		sum += v
	}
	r.FID = report.Estimate{Mean: sum / float64(len(fid)), N: len(fid)}
	return r
}

// gone is a row all of whose seeds diverged.
func gone(name string) report.Row {
	nan := math.NaN()
	return report.Row{Name: name, Seeds: 3, FID: report.Estimate{Mean: nan, Low: nan, High: nan}}
}

// shaky is a row of whose seeds one more diverged.
func shaky(r report.Row) report.Row { r.Seeds++; return r }

// With several seeds Welch's test decides, whatever the intervals of the single means do.
func TestClaimsOverSeeds(t *testing.T) {
	better := ablations.Claim{Text: "a beats b", Metric: ablations.FID, Better: "a", Worse: "b"}
	paired := ablations.Claim{Text: "a beats b", Metric: ablations.FID, Better: "a", Worse: "b", Paired: true}
	collapse := ablations.Claim{Text: "b collapses", Metric: ablations.FID, Better: "a", Worse: "b", Factor: 3}
	same := ablations.Claim{Text: "a is close to b", Metric: ablations.FID, Better: "a", Worse: "b", Within: 0.1}
	for _, c := range []struct {
		why      string
		claim    ablations.Claim
		a, b     report.Row
		want     string
		sentence string
	}{
		{"far apart", better, seeds("a", 19, 20, 21), seeds("b", 29, 30, 31), report.Confirmed, "difference -10.00 [-12.27, -7.73], Hedges' g -8.00, p < 0.001, seeds 3 and 3"},
		{"the other way round", better, seeds("a", 29, 30, 31), seeds("b", 19, 20, 21), report.Refuted, "difference +10.00"},
		{"within the noise", better, seeds("a", 10, 20, 30), seeds("b", 15, 25, 35), report.Undecided, "p = 0.573"},
		{"seeds that do not differ decide nothing", better, seeds("a", 20, 20), seeds("b", 20, 20), report.Undecided, "difference +0.0000, seeds 2 and 2"},

		{"within the noise of the seeds, but not of their pairs", paired, seeds("a", 10, 20, 30), seeds("b", 15, 25, 35.1), report.Confirmed, "p < 0.001"},

		{"a seed that diverged leaves the lucky ones", better, shaky(seeds("a", 19, 20, 21)), seeds("b", 29, 30, 31), report.Undecided, "seeds 3 and 3"},
		{"a collapse of some seeds is not shown either", collapse, seeds("a", 19, 20, 21), shaky(seeds("b", 99, 100, 101)), report.Undecided, ""},

		{"three times is a collapse, not less", collapse, seeds("a", 19, 20, 21), seeds("b", 99, 100, 101), report.Confirmed, "b at least 3 times a"},
		{"worse, but no collapse", collapse, seeds("a", 19, 20, 21), seeds("b", 29, 30, 31), report.Refuted, ""},
		{"a collapse or not", collapse, seeds("a", 19, 20, 21), seeds("b", 40, 60, 80), report.Undecided, ""},
		{"no number at all is a collapse", collapse, seeds("a", 19, 20, 21), gone("b"), report.Confirmed, ""},
		{"the better one collapsed too", collapse, gone("a"), gone("b"), report.Undecided, ""},

		{"close, and shown to be", same, seeds("a", 20, 20.2, 20.1), seeds("b", 20.1, 20, 20.3), report.Confirmed, "a within 10 % of b"},
		{"no difference is found, but nothing is shown either", same, seeds("a", 10, 20, 30), seeds("b", 12, 21, 29), report.Undecided, ""},
		{"different, and close all the same", same, seeds("a", 20, 20.01, 20.02), seeds("b", 20.5, 20.51, 20.52), report.Confirmed, ""},
		{"far above, by the test that refutes", same, seeds("a", 29, 30, 31), seeds("b", 19, 20, 21), report.Refuted, "p < 0.001"},
		{"far below, by the test that refutes", same, seeds("a", 9, 10, 11), seeds("b", 19, 20, 21), report.Refuted, "p < 0.001"},
		{"one collapsed", same, seeds("a", 20, 21), gone("b"), report.Refuted, ""},
		{"one seed shows nothing", same, seeds("a", 20), seeds("b", 20), report.Undecided, "seeds 1 and 1"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := claim{c.claim}.judge([]report.Row{c.a, c.b})
			if got.Verdict != c.want || !strings.Contains(got.Sentence(), c.sentence) {
				t.Errorf("%q, %q, want %q and %q", got.Verdict, got.Sentence(), c.want, c.sentence)
			}
		})
	}
}

// Rows share a letter if and only if they do not differ, which need not be transitive.
func TestTieGroups(t *testing.T) {
	rows := []report.Row{
		seeds("worst", 99, 100, 101), seeds("best", 19, 20, 21), seeds("between", 21, 22, 23), seeds("next", 22.5, 23.5, 24.5), gone("gone"),
		seeds("one seed", 20), shaky(seeds("shaky", 19, 20, 21)),
	}
	rows[1].Default = true
	compareRows(rows)
	want := map[string]string{"best": "a", "between": "ab", "next": "b", "worst": "c", "gone": "", "one seed": "", "shaky": ""}
	for _, r := range rows {
		if diff := cmp.Diff(want[r.Name], r.GroupFID); diff != "" {
			t.Errorf("group of %s (-want +got)\n%s", r.Name, diff)
		}
		if known := r.PFID != nil; known != (len(r.BySeed) > 1 && !r.Default && !unsteady(r)) {
			t.Errorf("%s has a p-value: %t", r.Name, known)
		}
	}
	if p := *rows[0].PFID; p > 1e-6 {
		t.Errorf("p of 100 against 20 = %g", p)
	}
}
