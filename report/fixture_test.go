package report_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/report"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// around is a mean with a symmetric interval.
func around(mean, half float64, n int) report.Estimate {
	return report.Estimate{Mean: mean, Low: mean - half, High: mean + half, N: n}
}

// lossTable has made-up measurements beside the numbers of ADD Table 1d, and one of everything that a table can hold.
func lossTable() report.Table {
	nan, p := math.NaN(), 0.0123
	return report.Table{
		Axis: "loss", Title: "Distillation loss", Ref: "ADD Table 1d", Question: "Does the teacher add anything to the adversarial loss?",
		Data: "scenes", Scale: "cpu", Engine: "xla:cpu", Machines: "AMD EPYC; Intel Xeon Processor", Commit: "0123abc",
		Rows: []report.Row{
			{Name: "L_adv", Seeds: 3, Images: 2048, FID: around(43.9, 2.1, 3), CLIP: around(.288, .004, 3), Align: around(.71, .02, 3),
				Paper: &report.Score{FID: 20.8, CLIP: .315}, Direction: report.Undecided, PFID: &p, GroupFID: "ab", GroupCLIP: "b", PFurther: map[string]float64{"align": .4, "imbalance": .0004},
				Novel: around(.55, .03, 3), Precision: around(.8, .1, 3), Recall: around(.4, .2, 3), Density: around(1.1, .1, 3), Coverage: around(.7, .1, 3), Imbalance: around(.08, .02, 3), Machines: "AMD EPYC (1, 2), Intel Xeon Processor (3)",
				BySeed: []report.SeedScore{{Seed: 1, FID: 43.1, CLIP: .289, Further: map[string]float64{"imbalance": .09}, Run: "0123456789ab", Evaluation: "ba9876543210"}}},
			{Name: "L_distill", Seeds: 3, Images: 2048, FID: report.Estimate{Mean: nan, Low: nan, High: nan},
				Paper: &report.Score{FID: 315.6, CLIP: .076}, Direction: report.Agrees, Note: "NaN at step 40", Machines: "AMD EPYC"},
			{Name: "L_adv + λ L_distill, exp", Default: true, Seeds: 3, Images: 2048, FID: around(42.3, 1.3, 3), CLIP: around(.297, .0002, 3),
				Align: around(.74, .01, 3), Paper: &report.Score{FID: 20.6, CLIP: .319}},
			{Name: "L_adv + λ L_distill, sds", Seeds: 3, Images: 2048, FID: report.Estimate{Mean: 47.1, Low: 45.9, High: 51.2, N: 2},
				CLIP: around(.302, .002, 3), Align: around(.75, .01, 3), Paper: &report.Score{FID: 22.3, CLIP: nan}, Direction: report.Differs},
		},
		References: []report.Row{
			{Name: "floor: real vs real", Images: 2048, FID: around(11.8, 0, 1), CLIP: around(.331, .001, 2048)},
			{Name: "teacher, 25 steps", Seeds: 1, Images: 2048, FID: around(35.2, 0, 1), CLIP: around(.311, .001, 2048), Align: around(.93, 0, 1)},
			{Name: "teacher, 1 step", Seeds: 1, Images: 2048, FID: around(238.5, 0, 1), CLIP: around(.140, .001, 2048)},
		},
		Notes: []string{"All seeds share captions and noise."},
	}
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
