package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval/npy"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/record"
)

var update = flag.Bool("update", false, "write the golden file anew")

// featureFile writes normal features, shifted.
func featureFile(t testing.TB, n, d int, seed int64, shift float32) string {
	t.Helper()
	x := rng.Normal(rng.New(seed, "features", 0), n*d)
	for i := range x {
		x[i] += shift
	}
	path := filepath.Join(t.TempDir(), "features.npz")
	if err := npy.WriteArchive(path, npy.As("reps", npy.Array[float32]{Shape: []int{n, d}, Data: x})); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWrongCalls(t *testing.T) {
	alone(t)
	empty, pictures := t.TempDir(), album(t, 6, 1, false)
	broken := album(t, 6, 2, false)
	put(t, filepath.Join(broken, "0003.png"), "")
	features, wider := featureFile(t, 30, 4, 1, 0), featureFile(t, 30, 5, 2, 0)
	statistics := filepath.Join(t.TempDir(), "s.npz")
	call(t, features, features, "--metrics", "fid", "--save", statistics)
	evaluated := t.TempDir()
	put(t, filepath.Join(evaluated, "config.json"), `{"kind": "evaluate"}`)
	put(t, filepath.Join(evaluated, "env.json"), "{}")
	bundle := tinybundle.Write(t, "classifier", "pair")
	small := []string{"--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "fid"}
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"nothing to compare", nil, "want REAL GENERATED"},
		{"a folder that is not there", []string{filepath.Join(empty, "none"), pictures}, "no such file or folder"},
		{"a folder without pictures", []string{empty, pictures}, "no pictures in it"},
		{"columns where no input has any", []string{pictures, pictures, "--text", "caption"}, `text = "caption" name columns of parquet files, and no input has any`},
		{"a column that the reference lacks", []string{"../../dataset/testdata/parquet/hub", pictures, "--image", "picture"}, `reference: pictures: ../../dataset/testdata/parquet/hub/test-00000-of-00001.parquet: no column image = "picture"; columns: image: struct`},
		{"one side alone", []string{pictures, "--metrics", "fid"}, "fid compares with real pictures"},
		{"an unknown metric lists the known ones", []string{pictures, pictures, "--metrics", "lpips"}, "clip-score, cmmd, dc"},
		{"a parameter without a number", []string{pictures, pictures, "--metrics", "pr.k=many"}, "pr.k=5"},
		{"a parameter that the metric lacks", []string{features, features, "--metrics", "pr.q=5"}, `no parameter "q"`},
		{"an unknown extractor lists the known ones", []string{pictures, pictures, "--extractor", "vgg"}, "inception"},
		{"an unknown mode", []string{pictures, pictures, "--mode", "keras"}, `mode = "keras"`},
		{"an unknown form", []string{pictures, pictures, "--format", "html"}, "text, markdown"},
		{"an unknown engine", append([]string{pictures, pictures, "--extractor", "scenes"}, "--engine", "abacus"), "abacus"},
		{"one picture", []string{pictures, pictures, "--n", "1"}, "n = 1"},
		{"more pictures than there are", append([]string{pictures, pictures, "--n", "7"}, small...), "holds 6 pictures, want n = 7"},
		{"a confidence of all", []string{pictures, pictures, "--confidence", "1"}, "confidence = 1"},
		{"a cache and none", []string{pictures, pictures, "--cache", empty, "--no-cache"}, "want one of them"},
		{"features of other networks", []string{features, wider, "--metrics", "fid"}, "4 and 5"},
		{"statistics where features are needed", []string{statistics, features, "--metrics", "kid"}, "the reference has no features"},
		{"given features of another number", []string{features, features, "--n", "29"}, "of 30 pictures, want n = 29"},
		{"a broken picture among few", append([]string{pictures, broken}, small...), "1 of 6 pictures cannot be used (1 broken), want ≤ 0: 0003.png: broken: empty file"},
		{"captions that are missing", append([]string{pictures, pictures}, append(small, "--metrics", "clip-score")...), "6 of 6 pictures have no caption"},
		{"captions for an extractor that cannot read", []string{pictures, pictures, "--metrics", "clip-score", "--extractor", "inception"}, "clip-score needs captions"},
		{"weights that are not there", []string{pictures, pictures, "--metrics", "fid", "--engine", "go", "--weights", filepath.Join(empty, "none.pth")}, "none.pth"},
		{"weights that are nowhere", []string{pictures, pictures, "--metrics", "fid", "--engine", "go"}, "say --weights inception=PATH"},
		{"networks of a world that are not there", []string{"scenes-free:heldout:4", "scenes-free:heldout:4:4", "--metrics", "fid", "--engine", "go"}, "no pretrained networks in pretrained/scenes-free, want the folder that `go run ./experiments/pretrain` writes; go run ./experiments/pretrain --data scenes-free makes it, --weights scenes=FOLDER names another"},
		{"networks of a world as a judge that are not there", []string{pictures, pictures, "--metrics", "fid", "--engine", "go", "--extractor", "fid=scenes-free"}, "scenes: pretrain: no pretrained networks in pretrained/scenes-free"},
		{"two worlds' networks", []string{pictures, pictures, "--extractor", "emoji", "--weights", bundle}, "extractor = emoji has its weights in pretrained/emoji, not in " + bundle},
		{"a run that keeps no student", []string{pictures, evaluated}, "is a run of kind \"evaluate\", want distill"},
		{"an unknown flag", []string{"--fast"}, "see --help"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), c.args, &stdout, &stderr); rc != 1 {
				t.Errorf("rc = %d, want 1", rc)
			}
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if last := lines[len(lines)-1]; !strings.Contains(last, c.want) || !strings.HasPrefix(last, "evaluate: ") {
				t.Errorf("stderr ends with %q, want one line with %q", last, c.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout = %q, want nothing", &stdout)
			}
		})
	}
}

func TestAnswersWithoutWork(t *testing.T) {
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"help has examples", []string{"--help"}, "go run ./experiments/evaluate real/ generated/"},
		{"metrics", []string{"-list"}, "precision ↑, recall ↑; extractor inception"},
		{"extractors", []string{"--list"}, "modes clean, tf, pytorch"},
	} {
		if stdout, stderr := call(t, c.args...); !strings.Contains(stdout, c.want) || stderr != "" {
			t.Errorf("%s: stdout = %q, stderr = %q, want %q", c.why, stdout, stderr, c.want)
		}
	}
}

// rounded gives numbers five digits, so that engines and processors may round differently.
func rounded(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = rounded(x)
		}
	case []any:
		for i, x := range v {
			v[i] = rounded(x)
		}
	case float64:
		if v != math.Trunc(v) {
			r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64)
			return r
		}
	}
	return v
}

// The JSON is an interface: its names and its numbers stay. Features are given, so that no engine is needed.
func TestJSONIsGolden(t *testing.T) {
	alone(t)
	t.Chdir(t.TempDir())
	for name, from := range map[string]string{"real.npz": featureFile(t, 80, 4, 1, 0), "mine.npz": featureFile(t, 60, 4, 2, 0.1), "theirs.npz": featureFile(t, 60, 4, 3, 1)} {
		if err := os.Rename(from, name); err != nil {
			t.Fatal(err)
		}
	}
	stdout, _ := call(t, "real.npz", "mine.npz", "theirs.npz", "--json", "--seeds", "--metrics", "fid,kid,kid.size=20,pr,dc")
	var got any
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join(testdata, "result.json")
	if *update {
		if err := record.WriteJSON(golden, rounded(got)); err != nil {
			t.Fatal(err)
		}
	}
	var want any
	if err := record.ReadJSON(golden, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rounded(want), rounded(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// testdata survives a change of folder.
var testdata, _ = filepath.Abs("testdata")

func TestFoldersAreScoredAndKept(t *testing.T) {
	alone(t)
	bundle := tinybundle.Write(t, "classifier", "pair")
	real, generated := album(t, 60, 1, true), album(t, 60, 2, true)
	args := []string{real, generated, "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "fid,pr,is,clip-score"}
	first := callJSON(t, args...)
	if first.Reference.Extracted != 60 || first.Generated[0].Extracted != 60 || first.Generated[0].Pictures != 60 {
		t.Errorf("first call: %+v", first.Reference)
	}
	names := map[string]float64{}
	for _, v := range first.Generated[0].Values {
		names[v.Name] = v.Estimate.Mean
	}
	for _, name := range []string{"fid", "precision", "recall", "is", "clip-score"} {
		if v, ok := names[name]; !ok || math.IsNaN(v) {
			t.Errorf("values = %v, want %s", names, name)
		}
	}
	second := callJSON(t, args...)
	if second.Reference.Extracted != 0 || second.Generated[0].Extracted != 0 || second.Generated[0].Cached != 60 {
		t.Errorf("second call extracted %d and %d, want none", second.Reference.Extracted, second.Generated[0].Extracted)
	}
	if diff := cmp.Diff(first.Generated[0].Values, second.Generated[0].Values); diff != "" {
		t.Errorf("values from the cache (-first +second):\n%s", diff)
	}

	// Identical sets, and a chosen number of pictures.
	same := callJSON(t, real, real, "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "fid", "--n", "50", "--seed", "3")
	if v := same.Generated[0].Values[0]; v.Estimate.Mean > 1e-6 || same.Generated[0].Pictures != 50 {
		t.Errorf("FID of a set with itself = %g of %d pictures, want 0 of 50", v.Estimate.Mean, same.Generated[0].Pictures)
	}
	if text := strings.Join(same.Warnings, "\n"); !strings.Contains(text, "pictures in both: 50, the first is 0000.png") {
		t.Errorf("warnings = %s, want one of shared pictures", text)
	}
}

// Names of metrics are taken in any case. Few pictures are told once per set and below the table; captions that no metric reads are named.
func TestFewPicturesAndCaptionsAreTold(t *testing.T) {
	alone(t)
	bundle := tinybundle.Write(t, "classifier")
	stdout, stderr := call(t, album(t, 40, 1, true), album(t, 40, 2, true), "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "FID,pr")
	if !strings.Contains(stdout, "Fewer than 1,000 pictures: ") {
		t.Errorf("stdout = %s, want a note on few pictures", stdout)
	}
	if n := strings.Count(stderr, "only 40 pictures, few for fid, pr"); n != 2 || !strings.Contains(stderr, "captions found: --metrics clip-score") {
		t.Errorf("stderr = %s, want a warning for each set, and the captions named", stderr)
	}
}

// Interrupted when the second network begins, what the first one saw is there for the next call.
func TestInterruptedGoesOn(t *testing.T) {
	alone(t)
	bundle := tinybundle.Write(t, "classifier", "pair")
	args := []string{album(t, 40, 1, true), album(t, 40, 2, true), "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "fid,clip-score"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	extractors, said := 0, ""
	stderr := onWrite(func(text string) {
		said += text
		if strings.HasPrefix(text, "extractor: ") {
			if extractors++; extractors == 2 {
				cancel()
			}
		}
	})
	var stdout bytes.Buffer
	if rc := run(ctx, args, &stdout, stderr); rc != 130 || stdout.Len() > 0 || !strings.Contains(said, "the same command resumes") {
		t.Fatalf("rc = %d, stdout = %q, stderr = %q, want 130 and how to go on", rc, &stdout, said)
	}
	r := callJSON(t, args...)
	if r.Reference.Cached != 40 || r.Generated[0].Cached != 40 {
		t.Errorf("cached = %d and %d, want all of the first network", r.Reference.Cached, r.Generated[0].Cached)
	}
	fresh := callJSON(t, append(args, "--no-cache")...)
	if diff := cmp.Diff(fresh.Generated[0].Values, r.Generated[0].Values); diff != "" {
		t.Errorf("interrupted and whole differ (-whole +interrupted):\n%s", diff)
	}
}

func TestSeveralSystemsInAllForms(t *testing.T) {
	alone(t)
	args := []string{featureFile(t, 80, 4, 1, 0), featureFile(t, 60, 4, 2, 0.1), featureFile(t, 60, 4, 3, 1), "--metrics", "fid"}
	for format, want := range map[string]string{
		"text": "  system", "markdown": "| system", "csv": "system,metric,lower_is_better", "latex": `\toprule`, "json": `"lower_is_better": true`,
	} {
		out := filepath.Join(t.TempDir(), "result")
		stdout, _ := call(t, append(args, "--format", format, "--out", out)...)
		text, err := os.ReadFile(out)
		if err != nil || stdout != "" || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, stdout = %q, file = %s, want %q", format, err, stdout, text, want)
		}
	}
}

// Statistics that were saved give the score of the features that they were made of.
func TestSavedStatisticsGiveTheSameFID(t *testing.T) {
	alone(t)
	real, generated := featureFile(t, 80, 4, 1, 0), featureFile(t, 60, 4, 2, 0.1)
	saved := filepath.Join(t.TempDir(), "s.npz")
	a := callJSON(t, real, generated, "--metrics", "fid", "--save", saved)
	b := callJSON(t, saved, generated, "--metrics", "fid")
	x, y := a.Generated[0].Values[0].Estimate, b.Generated[0].Values[0].Estimate
	if math.Abs(x.Mean-y.Mean) > 1e-9*x.Mean || b.Reference.Pictures != 80 || b.Reference.Kind != "statistics" {
		t.Errorf("FID = %g of features, %g of statistics (%+v)", x.Mean, y.Mean, b.Reference)
	}
}
