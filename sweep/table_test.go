package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// Two seeds give Student's interval over seeds, one the evaluation's own.
func TestIntervals(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	for _, c := range []struct {
		seeds []int64
		want  eval.Estimate
	}{
		{[]int64{1}, eval.Estimate{Mean: 20, Low: 19, High: 21, N: 1}},
		{[]int64{1, 2}, eval.Estimate{Mean: 20, Low: 20, High: 20, N: 2}}, // the laboratory's seeds do not differ
	} {
		p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, c.seeds...)
		results, err := l.options(p, root).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Table(ablations.DiscCond, results).Rows[3].Values["fid"]); diff != "" {
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
	want := []string{"table.md", "table.csv", "table.json", "table.tex", "table.txt", "metrics.png", "times.json", "bench.txt", "samples.png"}
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

// A row whose numbers are finite can have collapsed, and says so; every metric that was measured is in it, and no other.
func TestRowsHoldWhatWasMeasured(t *testing.T) {
	outcome := func(precision, recall float64) Outcome {
		align, stdErr, density, imbalance := .6, .01, 1.25, .07
		o := Outcome{Job: Job{Seed: 1, Hash: "e", Evaluation: Evaluation{Run: "t"}}, TrainSeconds: 200}
		o.Metrics = protocol.Metrics{
			Images: 64, FID: 300, FIDLow: 290, FIDHigh: 310, CLIP: .5, CLIPStdErr: .01, Novel: &align, NovelStdErr: &stdErr, Precision: precision, Recall: recall,
			Density: &density, Imbalance: &imbalance, MillisPerImage: 2,
		}
		return o
	}
	row := newRow("blur", metrics, []Outcome{outcome(.9, .01)})
	if row.Note != "collapsed: precision 0.90, recall 0.01" || row.Diverged > 0 {
		t.Errorf("note = %q, %d diverged", row.Note, row.Diverged)
	}
	if row := newRow("sound", metrics, []Outcome{outcome(.9, .8)}); row.Note != "" {
		t.Errorf("note of a sound row = %q", row.Note)
	}
	want := map[string]float64{"fid": 300, "clip": .5, "align_novel": .6, "precision": .9, "recall": .01, "density": 1.25, "imbalance": .07}
	if diff := cmp.Diff([]report.Seed{{Seed: 1, Values: want, Run: "t", Evaluation: "e"}}, row.BySeed); diff != "" {
		t.Errorf("by seed (-want +got)\n%s", diff)
	}
	for key, v := range want {
		if row.Values[key].Mean != v {
			t.Errorf("%s = %+v, want %g", key, row.Values[key], v)
		}
	}
	if !row.Values["align_novel"].HasInterval() || row.Values["recall"].HasInterval() || len(row.Values) != len(want) {
		t.Errorf("values = %+v, want %d, intervals where the standard error is known", row.Values, len(want))
	}
	if timed := newRow("blur", times, []Outcome{outcome(.9, .01)}); timed.Values["train_seconds"].Mean != 200 || timed.Values["ms_per_image"].Mean != 2 {
		t.Errorf("times = %+v", timed.Values)
	}
}

// Cells that follow the teacher at another guidance than the one that they are compared with say so beside their numbers.
func TestRowsNoteAnotherGuidance(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.Consistency}, 1)
	results, err := l.options(p, root).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Table(ablations.Consistency, results).Rows {
		if told := strings.Contains(r.Note, "teacher guidance 2, of add-1 0"); told != strings.HasPrefix(r.Name, "lcm") {
			t.Errorf("%s: note = %q", r.Name, r.Note)
		}
	}
}
