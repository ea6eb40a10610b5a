package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

const shipped = "../../pretrained/scenes"

// config writes a file for --config.
func config(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mine.json")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// few is a folder of so many captioned pictures.
func few(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8+i))); err != nil {
			t.Fatal(err)
		}
		for ext, b := range map[string][]byte{".png": picture.Bytes(), ".txt": []byte("a shadow")} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)+ext), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestWrongCalls(t *testing.T) {
	empty, tables := t.TempDir(), "../../dataset/testdata/parquet/hub"
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"an unknown scale lists the known ones", []string{"--scale", "huge"}, `"smoke" "cpu" "gpu"`},
		{"steps below one", []string{"--steps", "-1"}, "steps = -1, want ≥ 1"},
		{"no steps", []string{"--steps", "0"}, "steps = 0, want ≥ 1"},
		{"a rate below zero", []string{"--rate", "-1"}, "rate = -1, want > 0"},
		{"an unknown part lists the known ones", []string{"--parts", "student"}, `parts = "student", want some of ["text" "features"`},
		{"the teacher's steps without the teacher", []string{"--parts", "features", "--steps", "5"}, "--steps and --rate are the teacher's"},
		{"the teacher's rate without the teacher", []string{"--parts", "pair", "--rate", "1"}, "--steps and --rate are the teacher's"},
		{"a dataset that is not there", []string{"--data", filepath.Join(empty, "none")}, "no such file or folder"},
		{"a folder that holds out too few pictures to measure", []string{"--data", few(t, 40), "--scale", "smoke"}, "held-out pictures, want at least 16"},
		{"columns where the data has none", []string{"--text", "caption"}, `image = "", text = "caption" name columns of parquet files, and scenes has none`},
		{"a column that the data lacks", []string{"--data", tables, "--text", "words"}, `no column text = "words"; columns: image: struct{bytes: binary, path: string}, caption: string, label: int64`},
		{"a config that is not there", []string{"--config", filepath.Join(empty, "none.json")}, "none.json"},
		{"a field that the config lacks", []string{"--config", config(t, `{"emma": 1}`)}, `unknown field "emma"`},
		{"a seed in the config", []string{"--config", config(t, `{"seed": 3}`)}, "changes data or seed, want --data and --seed"},
		{"data in the config", []string{"--config", config(t, `{"data": "birds"}`)}, "changes data or seed, want --data and --seed"},
		{"a config that cannot work", []string{"--config", config(t, `{"ema": 1}`), "-n"}, "ema = 1"},

		{"a seed for variants", []string{"--variants", "all", "--seed", "2"}, "--seed has no effect with --variants"},
		{"a config for variants", []string{"--variants", "all", "--config", "mine.json"}, "--config has no effect with --variants"},
		{"parts and variants", []string{"--variants", "all", "--parts", "teacher"}, "--parts has no effect with --variants"},
		{"variants that go on", []string{"--variants", "all", "--continue", shipped}, "--continue has no effect with --variants"},
		{"an unknown variant lists the known ones", []string{"--variants", "teacher-xl", "--bundle", shipped}, `variants = "teacher-xl", want one of features-dino-s`},
		{"variants of no bundle", []string{"--variants", "all", "--bundle", empty}, "no pretrained networks in"},
		{"two folders for the bundle of variants", []string{"--variants", "all", "--bundle", shipped, "--out", empty}, "--out has no effect with --bundle"},
		{"a bundle without variants", []string{"--bundle", shipped}, "want --out for the folder"},

		{"measuring with another seed", []string{"--assess", "--seed", "2"}, "--seed has no effect with --assess"},
		{"measuring with other steps", []string{"--assess", "--steps", "2"}, "--steps has no effect with --assess"},
		{"measuring some parts", []string{"--assess", "--parts", "teacher"}, "--parts has no effect with --assess"},
		{"measuring on other data", []string{"--assess", "--data", "scenes-free", "--out", shipped}, "were trained on scenes-v4-size32-objects2-jitter0.4-seed1, not on scenes-free"},
		{"measuring nothing", []string{"--assess", "--out", empty}, "no pretrained networks in"},
		{"a variant to measure that is not there", []string{"--assess", "--variants", "teacher-dit", "--data", "scenes-free", "--bundle", shipped + "-free"}, "holds no teacher-dit"},

		{"going on without a folder for what comes of it", []string{"--continue", shipped, "--parts", "teacher"}, "another folder for the bundle, --out"},
		{"going on with no part named", []string{"--continue", shipped, "--out", empty}, "wants the parts to train further"},
		{"going on by another config", []string{"--continue", shipped, "--parts", "teacher", "--out", empty, "--config", "mine.json"}, "--config has no effect with --continue"},
		{"going on from nothing", []string{"--continue", empty, "--parts", "teacher", "--out", filepath.Join(empty, "out")}, "no pretrained networks in"},

		{"an unknown flag", []string{"--fast"}, "see --help"},
		{"an argument is not swallowed", []string{"scenes"}, `argument = "scenes"`},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &stdout, &stderr); rc != 1 {
				t.Errorf("rc = %d, want 1", rc)
			}
			if got := stderr.String(); !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("stderr = %q, want one line with %q", got, c.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout = %q, want nothing", &stdout)
			}
		})
	}
}

func TestAFolderOfTheSameNameSparesTheOthersNetworks(t *testing.T) {
	bundle, pictures := tinybundle.Write(t, "text"), few(t, 400)
	t.Chdir(t.TempDir())
	usual := pretrain.DefaultDir("emoji", "smoke")
	if err := os.CopyFS(usual, os.DirFS(bundle)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join("mine", "emoji"), os.DirFS(pictures)); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	rc := command().Run(t.Context(), []string{"--data", "mine/emoji", "--scale", "smoke"}, &stdout, &stderr)
	if got, want := stderr.String(), "say --out FOLDER for other networks, or --out "+usual+" to replace these"; rc != 1 || !strings.Contains(got, want) {
		t.Errorf("rc = %d, stderr = %q, want %q", rc, got, want)
	}
}

// All parts are trained on a folder, and what is written can be measured again, with the same result.
func TestAFolderIsTrainedAndMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	pictures, out := few(t, 240), filepath.Join(t.TempDir(), "out")
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"--data", pictures, "--scale", "smoke", "--engine", "go", "--out", out}
	if rc := command().Run(t.Context(), append(args, "--runs", t.TempDir()), &stdout, &stderr); rc != 0 || !strings.Contains(stdout.String(), "wrote "+out) {
		t.Fatalf("rc = %d, stderr = %q, stdout = %s", rc, &stderr, &stdout)
	}
	b, err := pretrain.LoadBundle(out)
	if err != nil || len(b.Files) < 4 {
		t.Fatalf("%d parts, %v, want all that a folder can have", len(b.Files), err)
	}
	times := regexp.MustCompile(`"(seconds|ms_per_image)": .*`)
	quality, samples := times.ReplaceAllString(read("quality.json"), ""), read("samples.png")
	if err := os.Remove(filepath.Join(out, "quality.json")); err != nil {
		t.Fatal(err)
	}
	if rc := command().Run(t.Context(), append(args, "--assess"), &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	if diff := cmp.Diff(quality, times.ReplaceAllString(read("quality.json"), "")); diff != "" || samples != read("samples.png") {
		t.Errorf("measured again (-before +after):\n%s", diff)
	}
}

// resolved is the config that -n prints.
func resolved(t *testing.T, args ...string) (cfg pretrain.Config) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), append(args, "--print-config"), &stdout, &stderr); rc != 0 {
		t.Fatalf("%q: rc = %d, stderr = %q", args, rc, &stderr)
	}
	if err := json.Unmarshal(stdout.Bytes(), &cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What goes on from a bundle has the bundle's config, whatever the preset is, under what file and flags change.
func TestContinueTakesTheBundlesConfig(t *testing.T) {
	b, err := pretrain.LoadBundle(shipped)
	if err != nil {
		t.Fatal(err)
	}
	on := []string{"--scale", "gpu", "--continue", shipped, "--parts", "teacher", "--out", t.TempDir()}
	want := b.Config
	if diff := cmp.Diff(want, resolved(t, on...)); diff != "" {
		t.Errorf("as it is (-bundle +resolved):\n%s", diff)
	}
	want.Seed, want.TeacherTraining.Steps, want.TeacherTraining.Rate.Peak = 7, 5, 5e-4
	got := resolved(t, append(on, "--seed", "7", "--steps", "5", "--rate", "5e-4")...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +resolved):\n%s", diff)
	}
}

// The fields of the config that are the flags' may say what the flags say, as in what -n prints.
func TestConfigAsPrinted(t *testing.T) {
	args := []string{"--data", "scenes-free", "--seed", "3", "--scale", "smoke"}
	printed := resolved(t, args...)
	text, err := json.Marshal(printed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed, resolved(t, append(args, "--config", config(t, string(text)))...)); diff != "" {
		t.Errorf("(-printed +read again):\n%s", diff)
	}
}

// Variants are of the bundle's scale unless one is typed.
func TestVariantsAreOfTheBundlesScale(t *testing.T) {
	b, err := pretrain.LoadBundle(shipped)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for part := range b.Files {
		if _, variant := b.Variants[part]; variant {
			continue
		}
		file, err := filepath.Abs(filepath.Join(shipped, part+".safetensors"))
		if err == nil {
			err = os.Symlink(file, filepath.Join(dir, filepath.Base(file)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var manifest map[string]any
	if err := record.ReadJSON(filepath.Join(shipped, "bundle.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	manifest["scale"] = "gpu"
	if err := record.WriteJSON(filepath.Join(dir, "bundle.json"), manifest); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		scale string
		args  []string
	}{
		{"gpu", []string{"--bundle", dir}},
		{"smoke", []string{"--bundle", dir, "--scale", "smoke"}},
		{"cpu", []string{"--bundle", shipped}}, // which does not say its own
	} {
		var stdout, stderr bytes.Buffer
		if rc := command().Run(t.Context(), append(test.args, "--variants", "teacher-dit", "--print-config"), &stdout, &stderr); rc != 0 {
			t.Fatalf("%q: rc = %d, stderr = %q", test.args, rc, &stderr)
		}
		want, err := pretrain.DefaultVariants(test.scale, b.Config, "teacher-dit")
		if err != nil {
			t.Fatal(err)
		}
		var got []pretrain.Variant
		if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-%s +printed):\n%s", test.args, test.scale, diff)
		}
	}
}

func TestLinesAboutVariants(t *testing.T) {
	rates, err := protocol.NewRates(map[string]pretrain.Hits{"first size": {Right: 1886, Of: 2000}, "count": {Right: 2000, Of: 2000}})
	if err != nil {
		t.Fatal(err)
	}
	align := 0.99
	for want, got := range map[string]string{
		"features-x: linear probe, worst attribute 0.9430 [0.9320, 0.9523] of 2000 (first size); count 1.0000, first size 0.9430": probeLine("features-x", rates),
		"teacher-x, 25 guided steps, 10 pictures: FID 20.9 [13.2, 28.6], CLIP score 0.8643, alignment 0.9900": teacherLine("teacher-x", protocol.Metrics{
			Images: 10, FID: 20.92, FIDLow: 13.24, FIDHigh: 28.59, CLIP: 0.8643, Align: &align}),
	} {
		if got != want {
			t.Errorf("line = %q, want %q", got, want)
		}
	}
}
