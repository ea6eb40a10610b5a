package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

// A cell without a discriminator has no curve of it, and a line without a number leaves a gap.
func TestCurvesOfTrainings(t *testing.T) {
	results := t.TempDir()
	for run, files := range map[string][3]string{
		"aaa": {`{"distill":{"adversarial":1}}`, `{"step":10,"g_adv":0.1,"acc_fake":0.5,"pixel_var":0.4}` + "\n" + `{"step":20,"g_adv":0.2,"pixel_var":0.3}` + "\n" + `{"step":30,"g_adv":0.3,"acc_fake":0.7,"auc_pure":0.75,"pixel_var":0.2}` + "\n",
			`{"step":20,"fid":80}` + "\n" + `{"step":30,"fid":60}` + "\n"},
		"bbb": {`{"distill":{"adversarial":0,"lambda":1}}`, `{"step":10,"g_adv":0,"distill":0.6,"acc_fake":0,"pixel_var":0.5}` + "\n"},
	} {
		dir := filepath.Join(results, "runs", run)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"config.json", "metrics.jsonl", "watch.jsonl"} {
			if files[i] == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(files[i]), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	row := func(name, run string) report.Row {
		return report.Row{Name: name, BySeed: []report.Seed{{Seed: 1, Run: run}}}
	}
	rows := []report.Row{row("both", "aaa"), row("distill", "bbb"), row("both again", "aaa"), row("lost", "ccc"), {Name: "never run"}}
	runs, err := record.OpenRuns(filepath.Join(results, "runs"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := trainings(runs, report.Table{Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]plot.Curve{
		{{Name: "both", Steps: []int{10, 20, 30}, Values: []float64{.1, .2, .3}}},
		{{Name: "distill", Steps: []int{10}, Values: []float64{.6}}},
		{{Name: "both", Steps: []int{10, 20, 30}, Values: []float64{.5, math.NaN(), .7}}},
		{{Name: "both", Steps: []int{10, 20, 30}, Values: []float64{math.NaN(), math.NaN(), .75}}},
		{{Name: "both", Steps: []int{10, 20, 30}, Values: []float64{.4, .3, .2}}, {Name: "distill", Steps: []int{10}, Values: []float64{.5}}},
		{{Name: "both", Steps: []int{20, 30}, Values: []float64{80, 60}}},
	}
	for i, curves := range want {
		if diff := cmp.Diff(curves, got[i].Curves, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", got[i].Title, diff)
		}
	}
	for _, c := range []struct {
		why  string
		rows []report.Row
		want int
	}{{"both", rows, 6}, {"no discriminator", rows[1:2], 2}, {"no runs", rows[3:], 0}} {
		if pictures, err := make(curves).of(filepath.Join(results, "loss"), report.Table{Rows: c.rows}); err != nil || len(pictures) != c.want {
			t.Errorf("%s: %d pictures (%v), want %d", c.why, len(pictures), err, c.want)
		}
	}
}
