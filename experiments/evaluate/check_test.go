package main

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval/npy"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/tinybundle"
)

// What is wrong is said before an extractor is opened, for the pictures may take it hours.
func TestWrongCallsAreFoundBeforeThePictures(t *testing.T) {
	alone(t)
	real, few, captioned := album(t, 8, 1, false), album(t, 6, 2, false), album(t, 8, 3, true)
	folder := t.TempDir()
	file, captions := filepath.Join(folder, "file"), filepath.Join(folder, "captions.json")
	put(t, file, "")
	put(t, captions, `{"elsewhere.png": "a ring"}`)
	features, statistics := featureFile(t, 30, 4, 1, 0), filepath.Join(folder, "s.npz")
	call(t, features, features, "--metrics", "fid", "--save", statistics)
	bundle := tinybundle.Write(t, "classifier", "pair")
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"a parameter that the metric lacks", []string{real, few, "--metrics", "fid,pr.q=5"}, `pr has no parameter "q"`},
		{"a parameter below its least", []string{real, few, "--metrics", "fid,pr.k=0"}, "pr.k = 0, want ≥ 1"},
		{"statistics where features are needed", []string{statistics, few, "--metrics", "fid,kid"}, "kid: the reference has no features"},
		{"generated statistics where features are needed", []string{real, statistics, "--metrics", "fid,fid-inf"}, "fid-inf: the generated pictures have no features"},
		{"pickled statistics of other networks", []string{"../../eval/npy/testdata/statistics.pkl", few, "--metrics", "fid"}, "evaluate: reference: fid: features: ../../eval/npy/testdata/statistics.pkl holds statistics of dinov2-l, inception, want those of scenes"},
		{"more neighbours than pictures", []string{real, few, "--metrics", "fid,pr.k=6"}, "pr: generated pictures = 6, want ≥ 7 for k = 6"},
		{"more neighbours than reference pictures", []string{real, few, "--metrics", "fid,dc.k=8"}, "dc: reference pictures = 8, want ≥ 9 for k = 8"},
		{"more splits than pictures", []string{real, few, "--metrics", "fid,is.splits=7"}, "is: generated pictures = 6, want ≥ 7 for splits = 7"},
		{"FD-DINOv2 on the features of Inception", []string{real, few, "--metrics", "fid,fd-dinov2", "--extractor", "inception"}, "fd-dinov2 is on the features of dinov2-*, want fid on those of inception"},
		{"FD-DINOv2 on the features of scenes", []string{real, few, "--metrics", "fid,fd-dinov2"}, "fd-dinov2 is on the features of dinov2-*, want fid on those of scenes"},
		{"fewer pictures than the metric wants", []string{real, few, "--metrics", "fid,fid-inf"}, "generated pictures = 6, want ≥ 30"},
		{"more than a later set holds", []string{real, captioned, few, "--metrics", "fid", "--n", "8"}, "holds 6 pictures, want n = 8"},
		{"captions that a later set lacks", []string{real, captioned, few, "--metrics", "fid,clip-score"}, "generated " + few + ": 6 of 6 pictures have no caption, want a metadata.jsonl"},
		{"captions that the chosen ones lack", []string{real, few, "--metrics", "fid,clip-score", "--n", "4"}, "4 of 4 pictures have no caption"},
		{"captions of other pictures", []string{real, few, "--metrics", "fid,clip-score", "--captions", captions}, "6 of 6 pictures have no caption, want them in " + captions + " by names such as 0000.png"},
		{"captions for pictures that have their own", []string{real, "scenes:heldout:6", "--metrics", "fid", "--captions", captions}, "captions = " + captions + ", want none where generated scenes:heldout:6 is of kind scenes"},
		{"captions for features", []string{features, features, "--metrics", "fid", "--captions", captions}, "is of kind features"},
		{"statistics of two networks in one file", []string{real, few, "--metrics", "fid,fd-dinov2", "--extractor", "fid=inception,fd-dinov2=dinov2-s", "--save", "s.npz"}, "look at the real pictures = [inception, dinov2-s], want one"},
		{"statistics of one side", []string{few, "--metrics", "is", "--save", "s.npz"}, "want REAL GENERATED"},
		{"statistics that no metric makes", []string{real, few, "--metrics", "is", "--save", "s.npz"}, "look at the real pictures = [], want one"},
		{"a folder for the result", []string{real, few, "--metrics", "fid", "--out", folder}, "is a folder, want a file"},
		{"a file where a folder should be", []string{real, few, "--metrics", "fid", "--out", filepath.Join(file, "r.md")}, "a file, not a folder"},
		{"logits that the extractor has not", []string{real, few, "--metrics", "fid,is", "--extractor", "dinov2-l"}, "is needs class logits, which dinov2-l has not, want one of efficientnet-lite0, inception, scenes"},
		{"a mode of Inception without Inception", []string{real, few, "--metrics", "fd-dinov2", "--mode", "clean"}, "of inception, want one that --list shows, of an extractor that a metric here uses"},
		{"a mode of another extractor", []string{real, few, "--metrics", "fid,fd-dinov2", "--mode", "dinov2-l=tf"}, `mode = "tf" of dinov2-l, want one`},
		{"a metric of EfficientNet-Lite0 on other features", []string{real, few, "--metrics", "fd-efficientnet-lite0", "--extractor", "scenes"}, "is on the features of efficientnet-lite0, want fid on those of scenes"},
		{"an extractor of a metric that is not asked for", []string{real, few, "--metrics", "fid", "--extractor", "fid=scenes,cmmd=clip-l14"}, `extractor = "clip-l14" of cmmd, want none`},
		{"an extractor beside those of all metrics", []string{real, few, "--metrics", "fid", "--extractor", "clip-b32,fid=scenes"}, `extractor = "clip-b32" of other metrics, want none`},
		{"an extractor that all cannot use", []string{real, few, "--metrics", "all", "--extractor", "fd-dinov2=inception"}, "fd-dinov2 is on the features of dinov2-*"},
		{"weights of an extractor that no metric uses", []string{real, few, "--metrics", "fid", "--weights", "scenes=" + bundle + ",dinov2-l=x.pth"}, `weights = "x.pth" of dinov2-l, want none`},
		{"weights twice", []string{real, few, "--weights", "scenes=a,scenes=b"}, `"a" and "b" for scenes, want one`},
		{"flags of runs without a run", []string{real, few, "--metrics", "fid", "--steps", "4", "--pretrained", folder}, "pretrained = " + folder + ", steps = 4, want none: no input is a run"},
		{"seeds of one set", []string{real, few, "--metrics", "fid", "--seeds"}, "seeds: generated sets = 1, want"},
		{"parameters of one metric by both names", []string{real, few, "--metrics", "fid.blocks=5,fd-efficientnet-lite0.blocks=6", "--extractor", "efficientnet-lite0"}, "fid and fd-efficientnet-lite0 are one metric on the features of efficientnet-lite0, want its parameters"},
		{"a mode of nothing known", []string{real, few, "--metrics", "fid", "--mode", "vgg=clean"}, `extractor = "vgg"`},
	} {
		t.Run(c.why, func(t *testing.T) {
			args := append(c.args, "--engine", "go")
			if !slices.Contains(c.args, "--weights") {
				args = append(args, "--weights", bundle)
			}
			if !strings.Contains(strings.Join(args, " "), "--extractor") && !strings.Contains(c.why, "mode") {
				args = append(args, "--extractor", "scenes") // would work, were it asked
			}
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
			if strings.Contains(stderr.String(), "extractor: ") {
				t.Errorf("stderr = %q, want no extractor to be opened", &stderr)
			}
		})
	}
}

// No number on the features of EfficientNet-Lite0 is called FID, by whichever name it was asked for.
func TestMetricsOfEfficientNetHaveItsName(t *testing.T) {
	features := featureFile(t, 60, 4, 1, 0)
	for asked, want := range map[string][]string{
		"fid,kid":                          {"fd-efficientnet-lite0", "kid"},
		"fid,fd-efficientnet-lite0":        {"fd-efficientnet-lite0"},
		"fd-efficientnet-lite0":            {"fd-efficientnet-lite0"},
		"fid-inf,fid-inf.points=5,fid":     {"fd-inf-efficientnet-lite0", "fd-efficientnet-lite0"},
		"fid,fd-inf-efficientnet-lite0,dc": {"fd-efficientnet-lite0", "fd-inf-efficientnet-lite0", "density", "coverage"},
	} {
		var names []string
		for _, v := range callJSON(t, features, features, "--metrics", asked, "--extractor", "efficientnet-lite0").Generated[0].Values {
			names = append(names, v.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", asked, diff)
		}
	}
}

// No number is called FD-DINOv2 that is on the features of scenes: all leaves it out, and by its name it keeps its own extractor.
func TestOnlyDINOv2sFeaturesGiveFDDINOv2(t *testing.T) {
	world := input{set: pictures.Set{Kind: "scenes"}}
	for _, c := range []struct {
		names, extractor string
		sets             []input
		want             string // of FD-DINOv2, "" for none
		others           int
	}{
		{"all", "", []input{world, world}, "", 2}, // scenes and scenes-pair
		{"fid,fd-dinov2", "", []input{world, world}, "dinov2-l", 1},
		{"all", "", []input{{}, {}}, "dinov2-l", 3}, // Inception and CLIP's, which CMMD and the CLIP score ask for
		{"all", "scenes", []input{{}, {}}, "", 2},
		{"fd-dinov2", "dinov2-s", []input{{}, {}}, "dinov2-s", 0},
	} {
		e := &evaluation{options: options{names: c.names, extractor: choice{"": c.extractor}}, sets: c.sets}
		asked, err := e.metrics()
		if err != nil {
			t.Fatal(err)
		}
		groups, err := e.group(asked)
		got, others := "", 0
		for _, g := range groups {
			if slices.ContainsFunc(g.metrics, func(w wanted) bool { return w.Name == "fd-dinov2" }) {
				got = g.kind.Name
			} else {
				others++
			}
		}
		if err != nil || got != c.want || others != c.others {
			t.Errorf("%s of %q: %v, FD-DINOv2 on %q beside %d extractors, want %q beside %d", c.names, c.extractor, err, got, others, c.want, c.others)
		}
	}
}

// A pickle of edm2 has statistics of two networks: each metric gets those of its own.
func TestPickledStatisticsGoToTheirMetric(t *testing.T) {
	alone(t)
	inceptions := filepath.Join(t.TempDir(), "s.npz") // the same as the pickle has of Inception
	mu := npy.Array[float64]{Shape: []int{3}, Data: []float64{0, .5, 1}}
	sigma := npy.Array[float64]{Shape: []int{3, 3}, Data: []float64{5, 14, 23, 14, 50, 86, 23, 86, 149}}
	if err := npy.WriteArchive(inceptions, npy.As("mu", mu), npy.As("sigma", sigma)); err != nil {
		t.Fatal(err)
	}
	r := callJSON(t, "../../eval/npy/testdata/statistics.pkl", inceptions, "--metrics", "fid,fd-dinov2")
	got := map[string]float64{}
	for _, v := range r.Generated[0].Values {
		got[v.Name] = math.Round(1e4*v.Estimate.Mean) / 1e4
	}
	if diff := cmp.Diff(map[string]float64{"fid": 0, "fd-dinov2": 3}, got); diff != "" { // DINOv2's mean is 1 more in each of 3
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// DINOv2 and Inception have a mode of one name, which only the latter gets where none is named.
func TestABareModeIsInceptions(t *testing.T) {
	for typed, want := range map[string]map[string]string{
		"":                              {},
		"clean":                         {"inception": "clean"},
		"tf,dinov2-l=clean":             {"inception": "tf", "dinov2-l": "clean"},
		"dinov2-s=clean":                {"dinov2-s": "clean"},
		"inception=pytorch,dinov2-s":    nil,
		"inception=tf dinov2-l=clean":   {"inception": "tf", "dinov2-l": "clean"}, // the flag twice
		"tf dinov2-l=clean,dinov2-s=tf": {"inception": "tf", "dinov2-l": "clean", "dinov2-s": "tf"},
		"tf clean":                      nil,
	} {
		e := &evaluation{}
		var err error
		for _, flag := range strings.Fields(typed) {
			err = errors.Join(err, e.mode.reader(knownExtractor)(flag))
		}
		got := e.modes()
		if err == nil && want == nil {
			err = e.checkModes(nil)
		}
		if want != nil && !cmp.Equal(want, got) || (err == nil) != (want != nil) {
			t.Errorf("--mode %q = %v, %v, want %v", typed, got, err, want)
		}
	}
}

// A metric that fails after the pictures were seen takes no number of another metric with it.
func TestFailedMetricsLeaveTheOthers(t *testing.T) {
	alone(t)
	real, generated := featureFile(t, 30, 5, 1, 0), filepath.Join(t.TempDir(), "g.npz")
	member := func(name string) npy.Member {
		x := npy.Array[float32]{Shape: []int{30, 4}, Data: make([]float32, 120)}
		for i := range x.Data {
			x.Data[i] = float32(i * i % 7)
		}
		return npy.As(name, x)
	}
	if err := npy.WriteArchive(generated, member("features"), member("logits")); err != nil {
		t.Fatal(err)
	}
	const fault = "fid: eval: FID: dimensions = 5 and 4"
	var stdout, stderr bytes.Buffer
	rc := run(t.Context(), []string{real, generated, "--metrics", "fid,is"}, &stdout, &stderr)
	if rc != 1 || !strings.Contains(stderr.String(), fault) || !strings.Contains(stdout.String(), "is ↑") || !strings.Contains(strings.Join(strings.Fields(stdout.String()), " "), fault) {
		t.Errorf("rc = %d, stderr = %q, want 1 and %q; stdout, want the Inception Score:\n%s", rc, &stderr, fault, &stdout)
	}

	// So does an extractor that cannot be opened after another one was used.
	stdout.Reset()
	stderr.Reset()
	bundle := tinybundle.Write(t, "classifier")
	args := []string{album(t, 30, 1, false), album(t, 30, 2, false), "--engine", "go", "--weights", bundle, "--metrics", "fid,kid", "--extractor", "fid=scenes,kid=scenes-pair", "--json"}
	if rc := run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stdout.String(), `"name": "fid"`) || !strings.Contains(stdout.String(), `"failed": [`) {
		t.Errorf("rc = %d, stderr = %q, stdout, want FID:\n%s", rc, &stderr, &stdout)
	}
}

// The captions' vocabulary is opened with the weights, of which an empty file is enough here.
func TestAMissingVocabularyIsFoundBeforeThePictures(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "open_clip_model.safetensors"), "")
	captioned := album(t, 4, 1, true)
	var stdout, stderr bytes.Buffer
	rc := run(t.Context(), []string{captioned, captioned, "--engine", "go", "--metrics", "clip-score", "--weights", dir}, &stdout, &stderr)
	if rc != 1 || !strings.Contains(stderr.String(), "openclip-g14: tokenizer: no vocabulary of CLIP in "+dir) {
		t.Errorf("rc = %d, stderr = %q, want 1 and the folder without a vocabulary", rc, &stderr)
	}
}

func TestFoldersOfResultsAreMade(t *testing.T) {
	alone(t)
	features, folder := featureFile(t, 30, 4, 1, 0), t.TempDir()
	out, saved := filepath.Join(folder, "tables", "new", "r.md"), filepath.Join(folder, "statistics", "s.npz")
	call(t, features, features, "--metrics", "fid", "--out", out, "--save", saved)
	for _, file := range []string{out, saved} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// A metric that sees no reference alone leaves --save to the one that does.
func TestOneExtractorSavesBesideAnother(t *testing.T) {
	alone(t)
	bundle, saved := tinybundle.Write(t, "classifier", "pair"), filepath.Join(t.TempDir(), "s.npz")
	call(t, album(t, 30, 1, true), album(t, 30, 2, true), "--engine", "go", "--weights", bundle, "--extractor", "scenes", "--metrics", "fid,clip-score", "--save", saved)
	if r := callJSON(t, saved, saved, "--metrics", "fid"); r.Reference.Pictures != 30 {
		t.Errorf("reference = %+v, want the statistics of 30 pictures", r.Reference)
	}
}

// What is wrong with the reference is said of the reference, by the name of its file.
func TestErrorsNameTheSideAtFault(t *testing.T) {
	alone(t)
	good, wide, one := featureFile(t, 30, 4, 1, 0), featureFile(t, 30, 5, 1, 0), featureFile(t, 1, 4, 1, 0)
	folder := t.TempDir()
	text, broken := filepath.Join(folder, "t.npy"), filepath.Join(folder, "broken")
	put(t, text, "no array")
	put(t, filepath.Join(broken, "a.png"), "no picture")
	put(t, filepath.Join(broken, "b.png"), "no picture")
	bundle := tinybundle.Write(t, "classifier")
	pictures := []string{"--engine", "go", "--weights", bundle, "--extractor", "scenes"}
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"a damaged reference", []string{text, good}, "evaluate: reference: npy: " + text},
		{"a damaged generated file", []string{good, text}, "evaluate: generated: npy: " + text},
		{"a reference of one picture", []string{one, good}, "against reference " + one + ": metric: fid: reference pictures = 1, want ≥ 2"},
		{"generated features of one picture", []string{good, one}, "generated " + one + " against reference " + good + ": metric: fid: generated pictures = 1, want ≥ 2"},
		{"features of other networks", []string{wide, good}, "generated " + good + " against reference " + wide + ": fid: eval: FID: dimensions = 5 and 4"},
		{"a reference of broken pictures", append([]string{broken, album(t, 6, 1, false)}, pictures...), "evaluate: reference: features: " + broken + ": 2 of 2 pictures cannot be used"},
		{"broken generated pictures", append([]string{album(t, 6, 1, false), broken}, pictures...), "evaluate: generated: features: " + broken + ": 2 of 2 pictures cannot be used"},
		{"a reference that is nowhere", []string{filepath.Join(folder, "none"), good}, `evaluate: reference: pictures: "` + filepath.Join(folder, "none")},
	} {
		var stdout, stderr bytes.Buffer
		if rc := run(t.Context(), append(c.args, "--metrics", "fid"), &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: rc = %d, stderr = %q, want %q", c.why, rc, &stderr, c.want)
		}
	}
}
