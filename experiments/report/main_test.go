package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

func run(args []string, stdout, stderr io.Writer) int {
	return command().Run(context.Background(), args, stdout, stderr)
}

func table(axis string) report.Table {
	return report.Table{
		Axis: axis, Title: "Title of " + axis, Scale: "cpu",
		Metrics:  []report.Metric{{Key: "fid", Name: "FID", Better: report.Lower, Digits: 1, Main: true, Plot: true}, {Key: "clip", Name: "CLIP", Better: report.Higher, Digits: 3, Main: true, Plot: true}},
		Rows:     []report.Row{{Name: "both", Default: true, Seeds: 2, Images: 64, Values: map[string]eval.Estimate{"fid": {Mean: 12.5, Low: 11, High: 14, N: 2}, "clip": eval.Alone(.5, 2)}}},
		Verdicts: []report.Verdict{{Claim: "a law", Metric: "fid", Better: "both", Worse: "none", Verdict: report.Undecided}},
	}
}

func TestReportFromResultsAlone(t *testing.T) {
	results := t.TempDir()
	for _, dir := range []string{"loss", filepath.Join("reference", "disc-cond")} {
		if _, err := report.WriteAll(filepath.Join(results, dir), table(filepath.Base(dir)), report.Table{}); err != nil {
			t.Fatal(err)
		}
	}
	lost := filepath.Join(results, "loss", "table.md") // is made anew from the JSON
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if rc := run([]string{"--results", results}, &stdout, &stderr); rc != 0 || stderr.Len() > 0 {
		t.Fatalf("rc = %d, stderr = %q, want 0 and nothing", rc, &stderr)
	}
	html, err := os.ReadFile(filepath.Join(results, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if departures := read(t, results, "departures.md"); !strings.Contains(departures, "| `lambda`") {
		t.Errorf("departures.md holds %q, want λ among what departs from the paper", departures)
	}
	for _, want := range []string{`href="departures.md"`, "Title of loss", "Title of disc-cond", "reference/disc-cond", "data:image/png;base64,"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if _, err := os.Stat(lost); err != nil {
		t.Error(err)
	}
	claims, err := os.ReadFile(filepath.Join(results, "claims.md"))
	if err != nil || !strings.Contains(string(claims), "| undecided | a law | FID of both better than none | not tested, seeds 0 and 0 |") || !strings.Contains(string(claims), "0 comparisons: 0 confirmed, 0 refuted, 0 smaller than in the paper, 0 undecided. 1 more not measured.") {
		t.Errorf("claims.md holds %q (%v), want the claim of my own table alone", claims, err)
	}
	for _, name := range []string{"versus.png"} {
		if png, err := os.ReadFile(filepath.Join(results, name)); err != nil || !bytes.HasPrefix(png, []byte("\x89PNG")) {
			t.Errorf("%s: no picture (%v)", name, err)
		}
	}
}

// What does not compare stands on the page, but not in what tables share: committed cells bear the names of one's own, and FIDs of another
// scale are of other pictures.
func TestPicturesAreOfWhatCompares(t *testing.T) {
	section := func(from, scale, recipe string) report.Section {
		measured := table("loss")
		measured.Scale, measured.Recipe = scale, recipe
		return report.Section{From: from, Table: measured}
	}
	for _, c := range []struct {
		why      string
		sections []report.Section
		want     []bool
	}{
		{"committed ones alone", []report.Section{section("r/reference/loss", "cpu", "")}, []bool{true}},
		{"beside one's own", []report.Section{section("r/loss", "cpu", ""), section("r/reference/loss", "cpu", ""), section("r/reference/r1", "cpu", "")}, []bool{true, false, false}},
		{"one's own of an older recipe", []report.Section{section("r/loss", "cpu", "distill 0"), section("r/reference/loss", "cpu", "")}, []bool{false, true}},
		{"all of an older recipe", []report.Section{section("r/loss", "cpu", "distill 0"), section("r/r1", "cpu", "distill 0")}, []bool{true, true}},
		{"toys", []report.Section{section("r/loss", "smoke", ""), section("r/r1", "smoke", "")}, []bool{true, true}},
		{"a toy among others", []report.Section{section("r/loss", "smoke", ""), section("r/r1", "cpu", "")}, []bool{false, true}},
	} {
		shared := 0
		tables := setApart("r", c.sections)
		for i, s := range c.sections {
			if (s.Warning == "") != c.want[i] {
				t.Errorf("%s: %s has the warning %q, want one: %t", c.why, s.From, s.Warning, !c.want[i])
			}
			if c.want[i] {
				shared++
			}
		}
		if len(tables) != shared {
			t.Errorf("%s: %d tables share the pictures, want %d", c.why, len(tables), shared)
		}
	}
}

// Tables on other data, and those of another engine, are named, not mixed into the page: their FIDs do not compare.
func TestTablesApartHaveAPageOfTheirOwn(t *testing.T) {
	results := t.TempDir()
	gpu := filepath.Join(results, "reference", "gpu")
	for _, axis := range []string{"teacher", "loss"} {
		measured := table(axis)
		measured.Verdicts[0].Verdict, measured.Verdicts[0].Seeds = report.Confirmed, [2]int{8, 8}
		if axis == "teacher" {
			measured.Recipe = "of long ago"
		}
		if _, err := report.WriteAll(filepath.Join(gpu, axis), measured, report.Table{}); err != nil {
			t.Fatal(err)
		}
	}
	photos := filepath.Join(results, report.DataFolder, "photos")
	for dir, axis := range map[string]string{filepath.Join(results, "loss"): "loss", filepath.Join(photos, "augment"): "augment", filepath.Join(photos, "r1"): "r1"} {
		measured := table(axis)
		if axis != "loss" {
			measured.Data = "photos"
		}
		if _, err := report.WriteAll(dir, measured, report.Table{}); err != nil {
			t.Fatal(err)
		}
	}
	page := func(folder string) (html, said string) {
		var stdout, stderr bytes.Buffer
		if rc := run([]string{"--results", folder}, &stdout, &stderr); rc != 0 {
			t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
		}
		text, err := os.ReadFile(filepath.Join(folder, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text), stdout.String()
	}
	page(gpu)
	html, said := page(results)
	// What has its own page is linked, other folders are named.
	if claims := read(t, results, "claims.md"); !strings.Contains(claims, "[reference/gpu](reference/gpu/claims.md).\n") {
		t.Errorf("claims.md holds %q, want the way to those of the other engine alone", claims)
	} else if strings.Count(claims, "reference/gpu: confirmed, seeds 8 and 8 |") != 1 {
		t.Errorf("claims.md holds %q, want beside the claim what the other engine found", claims)
	}
	if !strings.Contains(html, `<a href="reference/gpu/index.html"><code>`) || strings.Count(html, "index.html") != 1 {
		t.Error("the page does not lead to that of the other engine alone")
	}
	for _, folder := range []string{photos, gpu} {
		if folder = filepath.ToSlash(folder); !strings.Contains(html, "<code>"+folder+"</code>") || strings.Count(said, "--results "+folder+"\n") != 1 {
			t.Errorf("said %q, want %s once, and its name on the page", said, folder)
		}
	}
	if strings.Contains(html, "Title of teacher") {
		t.Error("a table of another engine stands among the others")
	}
	if strings.Contains(html, "Title of augment") || strings.Contains(html, "measured, on") || strings.Count(said, "--results "+filepath.ToSlash(photos)) != 1 {
		t.Errorf("said %q, want the other folder once, and its tables not on the page", said)
	}
	if html, _ := page(photos); !strings.Contains(html, "Title of augment") || strings.Contains(html, "Title of loss") || !strings.Contains(html, "measured, on photos") {
		t.Error("the page of the other data does not name them, or does not hold its tables and no others")
	}

	// From elsewhere the way is another.
	if err := os.Mkdir(filepath.Join(results, "pages"), 0o777); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if rc := run([]string{"--results", results, "--out", filepath.Join(results, "pages", "all.html")}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	html = read(t, results, "pages", "all.html")
	for _, want := range []string{`href="../reference/gpu/index.html"`, `href="../data/photos/index.html"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page elsewhere lacks %s", want)
		}
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A sweep is compared with another one, and results with the reference inside them, but never a table with itself.
func TestResultsBesideTheReference(t *testing.T) {
	results := t.TempDir()
	reference, gpu := filepath.Join(results, "reference"), filepath.Join(results, "reference", "gpu") // one inside the other
	for dir, fid := range map[string]float64{filepath.Join(results, "loss"): 14, filepath.Join(reference, "loss"): 12.5, filepath.Join(gpu, "r1"): 13} {
		measured := table("loss")
		measured.Rows[0].BySeed = []report.Seed{{Seed: 1, Values: map[string]float64{"fid": fid, "clip": .5}, Evaluation: "ba9876543210"}}
		if _, err := report.WriteAll(dir, measured, report.Table{}); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string]string{results: "| default cell | 14.0 | 12.5 | 1.50 | 0.500 | 0.500 | 0.000 | 1 |\n", gpu: "| default cell | 13.0 | 12.5 | 0.500 | 0.500 | 0.500 | 0.000 | 1 |\n"} {
		var stdout, stderr bytes.Buffer
		if rc := run([]string{"--results", folder, "--beside", reference}, &stdout, &stderr); rc != 0 {
			t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
		}
		text, err := os.ReadFile(filepath.Join(folder, "agreement.md"))
		if err != nil || !strings.Contains(squeezed(string(text)), want) || !strings.Contains(squeezed(stdout.String()), want) {
			t.Errorf("agreement.md holds %q (%v), want %q, printed too", text, err, want)
		}
	}
}

func TestWrongCalls(t *testing.T) {
	empty, broken, filled := t.TempDir(), t.TempDir(), t.TempDir()
	if _, err := report.WriteAll(filepath.Join(filled, "loss"), table("loss"), report.Table{}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(broken, "loss"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "loss", "table.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"nothing measured yet", []string{"--results", empty}, "go run ./experiments/ablate"},
		{"a damaged table is named", []string{"--results", broken}, filepath.Join("loss", "table.json")},
		{"nothing to compare with", []string{"--results", filled, "--beside", empty}, "--beside " + empty},
		{"an argument is not swallowed", []string{"results"}, `argument = "results"`},
		{"an unknown flag", []string{"--pdf"}, "pdf"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := run(c.args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
		})
	}
}

// A table whose cells are not the preset says so, and stands in no picture beside those that are.
func TestTablesOfAnotherConfigAreTold(t *testing.T) {
	results := t.TempDir()
	changed := table("loss")
	changed.Changed = "lambda = 7"
	if _, err := report.WriteAll(filepath.Join(results, "loss"), changed, report.Table{}); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if rc := run([]string{"--results", results}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	html, err := os.ReadFile(filepath.Join(results, "index.html"))
	for _, text := range []string{stdout.String(), string(html)} {
		if want := "Not the preset of the scale (lambda = 7)"; err != nil || !strings.Contains(text, want) {
			t.Errorf("%v: no %q in\n%.2000s", err, want, text)
		}
	}
}
