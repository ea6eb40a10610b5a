package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/addlab/addlab/report"
)

// Two clones hold the same reference; what is compared are their own results.
func TestTwoFoldersThatHoldTheSameReference(t *testing.T) {
	write := func(dir string, fid float64) {
		measured := table("teacher")
		measured.Rows[0].BySeed = []report.Seed{{Seed: 1, Values: map[string]float64{"fid": fid, "clip": .5}, Evaluation: "ba9876543210"}}
		if _, err := report.WriteAll(dir, measured, report.Table{}); err != nil {
			t.Fatal(err)
		}
	}
	mine, yours := t.TempDir(), t.TempDir()
	for folder, fid := range map[string]float64{mine: 14, yours: 13} {
		write(filepath.Join(folder, "teacher"), fid)
		write(filepath.Join(folder, "reference", "teacher"), 12.5)
	}
	var stdout, stderr bytes.Buffer
	if rc := run([]string{"--results", mine, "--beside", yours}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	if want := "| default cell | 14.0 | 13.0 | 1.00 | 0.500 |"; !strings.Contains(squeezed(stdout.String()), want) {
		t.Errorf("stdout = %s\nwant %q in it", &stdout, want)
	}
}

// squeezed folds the blanks that line a table up.
func squeezed(s string) string { return regexp.MustCompile(` +`).ReplaceAllString(s, " ") }

// Pairs are found by what was computed, not by the place in a table: differences 1, 2 and 3 have mean 2, standard error 1/√3, and
// t = 2√3 with two degrees of freedom, p = .0742.
func TestAgreementPairsEqualRuns(t *testing.T) {
	measured := func(axis, cell string, byDefault bool, hashes string, fid ...float64) report.Table {
		m := table(axis)
		m.Rows = []report.Row{{Name: cell, Default: byDefault, Images: 64}}
		for i, v := range fid {
			m.Rows[0].BySeed = append(m.Rows[0].BySeed, report.Seed{Seed: int64(i), Values: map[string]float64{"fid": v}, Evaluation: hashes[i : i+1]})
		}
		return m
	}
	here := []report.Table{
		measured("loss", "both", true, "abc", 21, 32, 43),
		measured("r1", "1e-5", true, "abc", 21, 32, 43), // the same runs again
		measured("r1", "0", false, "xy", 50, 60),
	}
	there := []report.Table{measured("disc-cond", "both", true, "dcba", 7, 40, 30, 20), measured("r1", "0", false, "xz", 50, 70)}
	var b strings.Builder
	if err := agreement(here, there).Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| default cell | 32.0 | 30.0 | 2.00 ± 2.48 | 0.0742 | 3 |\n", "| r1: 0 | 50.0 | 50.0 | 0.00 | – | 1 |\n"} {
		if text := squeezed(b.String()); !strings.Contains(text, want) || strings.Count(text, "r1: ") != 1 {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	b.Reset()
	longer := measured("lambda", "2.5", true, "efg", 91, 92, 93)
	longer.Changed = "steps = 1600"
	if err := agreement(append(here, longer), append(there, longer)).Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| default cell | 32.0 | 30.0 |", "| default cell (steps = 1600) | 92.0 | 92.0 |"} {
		if text := squeezed(b.String()); !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	b.Reset()
	large, many := measured("r1", "0", false, "uv", 30, 40), measured("r1", "0", false, "st", 10, 20)
	large.Scale, many.Rows[0].Images = "gpu", 96
	tables := append(here, large, many)
	if err := agreement(tables, tables).Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"r1: 0 (scale cpu, 64 pictures) | 55.0 |", "r1: 0 (scale gpu, 64 pictures) | 35.0 |", "r1: 0 (scale cpu, 96 pictures) | 15.0 |"} {
		if text := squeezed(b.String()); !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	b.Reset()
	if err := agreement(here[:1], there[1:]).Markdown(&b); err != nil || !strings.Contains(b.String(), "No cell has been measured") {
		t.Errorf("nothing in common: %v\n%s", err, b.String())
	}
}
