package sweep

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// row is of three seeds that lie as far from the mean as the halves say.
func row(fid, fidHalf, clip, clipHalf float64, paper *report.Score) report.Row {
	r := report.Row{
		Seeds: 3, Paper: paper,
		FID:  report.Estimate{Mean: fid, Low: fid - fidHalf, High: fid + fidHalf, N: 3},
		CLIP: report.Estimate{Mean: clip, Low: clip - clipHalf, High: clip + clipHalf, N: 3},
	}
	for k := range 3 {
		off := float64(k - 1)
		r.BySeed = append(r.BySeed, report.SeedScore{Seed: int64(k + 1), FID: fid + off*fidHalf, CLIP: clip + off*clipHalf})
	}
	return r
}

// alone is the row of its first seed only, with the evaluation's narrow interval.
func alone(r report.Row) report.Row {
	r.Seeds, r.BySeed = 1, r.BySeed[:1]
	return r
}

func TestDirection(t *testing.T) {
	worse, mixed := &report.Score{FID: 25, CLIP: .30}, &report.Score{FID: 25, CLIP: .33}
	collapsed := report.Row{Seeds: 2, Paper: worse, FID: report.Estimate{Mean: math.NaN()}}
	base := row(20, 1, .32, .001, &report.Score{FID: 20.6, CLIP: .319})
	for _, c := range []struct {
		why           string
		cell          report.Row
		verdict, note string
	}{
		{"worse in both, as in the paper", row(30, 1, .30, .001, worse), report.Agrees, ""},
		{"better in both, against the paper", row(10, 1, .34, .001, worse), report.Differs, ""},
		{"within the spread of the seeds", row(20.5, 1, .3205, .001, worse), report.Undecided, ""},
		{"one metric decided, the other not", row(30, 1, .3205, .001, worse), report.Undecided, "FID agrees, CLIP undecided"},
		{"one metric against the paper", row(30, 1, .34, .001, worse), report.Differs, "FID agrees, CLIP differs"},
		{"the paper's metrics disagree, and so do ours", row(30, 1, .34, .001, mixed), report.Agrees, ""},
		{"a collapse is worse than any number", collapsed, report.Agrees, ""},
		{"one seed is no evidence, however narrow its interval", alone(row(90, .1, .10, .001, worse)), report.Undecided, ""},
		{"not published", row(30, 1, .30, .001, nil), "", ""},
		{"the paper has FID only", row(21, 1, .1, .001, &report.Score{FID: 30, CLIP: math.NaN()}), report.Undecided, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			verdict, note := direction(c.cell, base)
			if verdict != c.verdict || note != c.note {
				t.Errorf("direction = %q, %q, want %q, %q", verdict, note, c.verdict, c.note)
			}
		})
	}
	both := collapsed
	both.Paper = base.Paper
	if v, _ := direction(collapsed, both); v != report.Undecided {
		t.Errorf("two collapsed rows: %q, want undecided", v)
	}
}

func TestClaims(t *testing.T) {
	said := claim{ablations.Claim{Text: "a beats b", Metric: ablations.FID, Better: "a", Worse: "b"}}
	a, b := row(20, 1, .3, .01, nil), row(30, 1, .3, .01, nil)
	a.Name, b.Name = "a", "b"
	for _, c := range []struct {
		why  string
		rows []report.Row
		want string
	}{
		{"as claimed", []report.Row{a, b}, report.Confirmed},
		{"the other way round", []report.Row{{Name: "a", Seeds: 3, FID: b.FID, BySeed: b.BySeed}, {Name: "b", Seeds: 3, FID: a.FID, BySeed: a.BySeed}}, report.Refuted},
		{"one seed of each", []report.Row{alone(a), alone(b)}, report.Undecided},
		{"one was not measured", []report.Row{a}, report.Undecided},
	} {
		if got := said.judge(c.rows); got.Verdict != c.want || !strings.Contains(got.Sentence(), c.want) {
			t.Errorf("%s: %q, %q, want %q", c.why, got.Verdict, got.Sentence(), c.want)
		}
	}
}

// Two seeds give Student's interval over seeds, one the evaluation's own.
func TestIntervals(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	for _, c := range []struct {
		seeds []int64
		want  report.Estimate
	}{
		{[]int64{1}, report.Estimate{Mean: 20, Low: 19, High: 21, N: 1}},
		{[]int64{1, 2}, report.Estimate{Mean: 20, Low: 20, High: 20, N: 2}}, // the laboratory's seeds do not differ
	} {
		p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, c.seeds...)
		results, err := l.options(p, root).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Table(ablations.DiscCond, results).Rows[3].FID); diff != "" {
			t.Errorf("FID over seeds %v (-want +got)\n%s", c.seeds, diff)
		}
	}
}

func TestWrite(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	results, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "disc-cond")
	paths, err := p.Write(dir, ablations.DiscCond, results)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
		names = append(names, filepath.Base(path))
	}
	want := []string{"table.md", "table.csv", "table.json", "table.tex", "table.txt", "further.md", "metrics.png", "claims.md", "times.csv", "times.json", "times.md", "bench.txt", "samples.png"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
	bench, err := os.ReadFile(filepath.Join(dir, "bench.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"engine: fake\n", "scale: smoke\n", "Unit FID better=lower\n",
		"\nBenchmarkADD/axis=disc-cond/cell=none/seed=1 1 20 FID 0.05 CLIP\n",
		"\nBenchmarkADD/axis=disc-cond/reference=teacher/steps=25 1 10.4 FID",
		"\nBenchmarkADD/axis=disc-cond/reference=student/steps=2/seed=1 1 15 FID",
	} {
		if !strings.Contains(string(bench), line) {
			t.Errorf("bench.txt lacks %q:\n%s", line, bench)
		}
	}
}

func TestPicturesKeepTheirPixels(t *testing.T) {
	dir := t.TempDir()
	want := []dataset.Image{{Size: 8, Pix: make([]float32, 8*8*3)}, {Size: 8, Pix: make([]float32, 8*8*3)}}
	for i := range want[0].Pix {
		want[0].Pix[i] = float32(i)/127.5 - 1
		want[1].Pix[i] = float32(255-i)/127.5 - 1
	}
	if err := writePictures(dir, Pictures{Images: want}); err != nil {
		t.Fatal(err)
	}
	if err := record.WriteJSON(filepath.Join(dir, "config.json"), map[string]int{}); err != nil {
		t.Fatal(err)
	}
	run, err := record.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readPictures(run)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A row whose numbers are finite can have collapsed all the same, and says so; what the printed table leaves out is there.
func TestRowsTellCollapseAndMore(t *testing.T) {
	outcome := func(precision, recall float64) Outcome {
		align, stdErr, density, imbalance := .6, .01, 1.25, .07
		o := Outcome{Job: Job{Seed: 1, Hash: "e", Evaluation: Evaluation{Run: "t"}}, TrainSeconds: 200}
		o.Metrics = protocol.Metrics{
			Images: 64, FID: 300, FIDLow: 290, FIDHigh: 310, CLIP: .5, CLIPStdErr: .01, Novel: &align, NovelStdErr: &stdErr, Precision: precision, Recall: recall,
			Density: &density, Imbalance: &imbalance, MillisPerImage: 2,
		}
		return o
	}
	row := newRow("blur", []Outcome{outcome(.9, .01)})
	if row.Note != "collapsed: precision 0.90, recall 0.01" || row.Collapsed() {
		t.Errorf("note = %q, collapsed without numbers: %t", row.Note, row.Collapsed())
	}
	if row := newRow("sound", []Outcome{outcome(.9, .8)}); row.Note != "" {
		t.Errorf("note of a sound row = %q", row.Note)
	}
	if row.Novel.Mean != .6 || !row.Novel.HasInterval() || row.Density.Mean != 1.25 || row.Coverage.Known() || row.Imbalance.Mean != .07 {
		t.Errorf("novel = %+v, density = %+v, coverage = %+v, imbalance = %+v", row.Novel, row.Density, row.Coverage, row.Imbalance)
	}
	further := map[string]float64{"align_novel": .6, "precision": .9, "recall": .01, "density": 1.25, "imbalance": .07}
	if diff := cmp.Diff([]report.SeedScore{{Seed: 1, FID: 300, CLIP: .5, Further: further, Run: "t", Evaluation: "e"}}, row.BySeed); diff != "" {
		t.Errorf("by seed (-want +got)\n%s", diff)
	}
}
