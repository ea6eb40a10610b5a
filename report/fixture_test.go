package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// around is a mean with a symmetric interval.
func around(mean, half float64, n int) eval.Estimate {
	if half == 0 {
		return eval.Alone(mean, n)
	}
	return eval.Estimate{Mean: mean, Low: mean - half, High: mean + half, N: n}
}

var metrics = []report.Metric{
	{Key: "fid", Name: "FID", Better: report.Lower, Digits: 1, Main: true, Plot: true, Ratio: true},
	{Key: "clip", Name: "CLIP", Better: report.Higher, Digits: 3, Main: true, Plot: true},
	{Key: "align", Name: "align", Better: report.Higher, Digits: 3, Main: true, About: "share of stated attributes"},
	{Key: "align_novel", Name: "align, novel", Better: report.Higher, Digits: 3, About: "on pairs that training never saw"},
	{Key: "recall", Name: "recall", Better: report.Higher, Digits: 3},
	{Key: "imbalance", Name: "imbalance", Better: report.Lower, Digits: 3},
}

type values = map[string]eval.Estimate

// of is a table with these metrics.
func of(t report.Table) report.Table {
	t.Metrics = metrics
	return t
}

// test is one of a difference.
func test(mean, half, p float64) eval.Test {
	return eval.Test{Difference: around(mean, half, 3), P: p, Paired: true}
}

// lossTable has made-up measurements beside the numbers of ADD Table 1d, and one of everything that a table can hold.
func lossTable() report.Table {
	return of(report.Table{
		Axis: "loss", Title: "Distillation loss", Ref: "ADD Table 1d", Question: "Does the teacher add anything to the adversarial loss?",
		Data: "scenes", Scale: "cpu", Engine: "xla:cpu", Machines: "AMD EPYC; Intel Xeon Processor", Commit: "0123abc",
		Rows: []report.Row{
			{Name: "L_adv", Seeds: 3, Images: 2048, Paper: map[string]float64{"fid": 20.8, "clip": .315}, Verdict: report.Undecided,
				Values: values{"fid": around(43.9, 2.1, 3), "clip": around(.288, .004, 3), "align": around(.71, .02, 3), "align_novel": around(.55, .03, 3), "recall": around(.4, .2, 3), "imbalance": around(.08, .02, 3)},
				Tests:  map[string]eval.Test{"fid": test(1.6, .9, .0123), "clip": test(-.009, .004, .01), "imbalance": test(.04, .01, .0004)}, Machines: "AMD EPYC (1, 2), Intel Xeon Processor (3)",
				BySeed: []report.Seed{{Seed: 1, Values: map[string]float64{"fid": 43.1, "clip": .289}, Run: "0123456789ab", Evaluation: "ba9876543210"}}},
			{Name: "L_distill", Seeds: 3, Diverged: 3, Images: 2048, Paper: map[string]float64{"fid": 315.6, "clip": .076}, Verdict: report.Confirmed, Note: "NaN at step 40", Machines: "AMD EPYC"},
			{Name: "L_adv + λ L_distill, exp", Default: true, Seeds: 3, Images: 2048, Paper: map[string]float64{"fid": 20.6, "clip": .319},
				Values: values{"fid": around(42.3, 1.3, 3), "clip": around(.297, .0002, 3), "align": around(.74, .01, 3)}},
			{Name: "L_adv + λ L_distill, sds", Seeds: 3, Diverged: 1, Images: 2048, Paper: map[string]float64{"fid": 22.3}, Verdict: report.Refuted,
				Values: values{"fid": {Mean: 47.1, Low: 45.9, High: 51.2, N: 2}, "clip": around(.302, .002, 2), "align": around(.75, .01, 2)}},
		},
		References: []report.Row{
			{Name: "floor: real vs real", Images: 2048, Values: values{"fid": around(11.8, 0, 1), "clip": around(.331, .001, 2048)}},
			{Name: "teacher, 25 steps", Images: 2048, Values: values{"fid": around(35.2, 0, 1), "clip": around(.311, .001, 2048), "align": around(.93, 0, 1)}},
			{Name: "teacher, 1 step", Images: 2048, Values: values{"fid": around(238.5, 0, 1), "clip": around(.140, .001, 2048)}},
		},
		Notes: []string{"All seeds share captions and noise."},
		Verdicts: []report.Verdict{{Claim: "the teacher adds alignment", Metric: "clip", Better: "L_adv + λ L_distill, exp", Worse: "L_adv", Verdict: report.Confirmed,
			Test: &eval.Test{Difference: around(.009, .004, 3), P: .01, Paired: true}, Seeds: [2]int{3, 3}}},
	})
}

// lossTimes are those of its rows.
func lossTimes() report.Table {
	return report.Table{Axis: "loss", Metrics: []report.Metric{{Key: "train_seconds", Name: "training, s"}, {Key: "ms_per_image", Name: "ms per image", Digits: 2}},
		Rows: []report.Row{{Name: "L_adv + λ L_distill, sds", Values: values{"train_seconds": around(217, 3, 3), "ms_per_image": around(1.25, .25, 3)}}}}
}

// golden compares got with a file in testdata, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
