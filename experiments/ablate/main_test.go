package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command().Run(ctx, args, stdout, stderr)
}

func TestWrongCalls(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "bundle.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	lean := leanBundle(t)
	misspelt := filepath.Join(empty, "misspelt.json")
	if err := os.WriteFile(misspelt, []byte(`{"lamda": 1}`), 0o666); err != nil {
		t.Fatal(err)
	}
	penalty, seeded := filepath.Join(empty, "r1.json"), filepath.Join(empty, "seed.json")
	for file, text := range map[string]string{penalty: `{"discriminator": {"r1_weight": 1}}`, seeded: `{"seed": 3}`} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"a config that is not there", []string{"--config", filepath.Join(empty, "none.json")}, "none.json"},
		{"a field that the config lacks", []string{"--config", misspelt}, `unknown field "lamda"`},
		{"a field that the axis is about", []string{"--axis", "r1", "--config", penalty, "--pretrained", lean}, "changes discriminator.r1_weight, which cell"},
		{"a seed in the config", []string{"--config", seeded}, "want --scale and --seeds"},
		{"a cell that the axis lacks", []string{"--cells", "caption"}, `disc-cond has no cell "caption"`},
		{"fewer pictures than their neighbours need", []string{"--images", "5", "--pretrained", lean}, "images = 5, want at least 8"},
		{"cells of two axes", []string{"--axis", "loss,lambda", "--cells", "0"}, "want one axis"},
		{"an unknown axis lists the known ones", []string{"--axis", "disc"}, "disc-cond, student-init"},
		{"an unknown scale lists the known ones", []string{"--scale=huge"}, `"smoke" "cpu" "gpu"`},
		{"seeds that are no numbers", []string{"-seeds", "few"}, `seeds = "few"`},
		{"steps below zero", []string{"-steps", "-1"}, "steps = -1"},
		{"no pictures", []string{"--images", "0"}, "images = 0, want ≥ 1"},
		{"a probe of half a column", []string{"--probe", "50"}, "probe = 50, want a multiple of 40"},
		{"a probe that is to train nothing", []string{"--probe", "40", "--dry-run"}, "want it without dry-run"},
		{"more processes than cores", []string{"--processes", "100000"}, "processes = 100000, want 1 to"},
		{"an unknown flag", []string{"--fast"}, "see --help"},
		{"an argument is not swallowed", []string{"disc-cond"}, `argument = "disc-cond"`},
		{"a dataset that is not there", []string{"--data", filepath.Join(empty, "none")}, "no such file or folder"},
		{"columns where the data has none", []string{"--image", "image"}, "name columns of parquet files, and scenes has none"},
		{"a column that the data lacks", []string{"--data", "../../dataset/testdata/parquet/hub", "--image", "picture"}, `no column image = "picture"; columns: image: struct`},
		{"networks for parquet files", []string{"--data", "../../dataset/testdata/parquet/hub", "--text", "caption", "--pretrained", empty}, "go run ./experiments/pretrain --data ../../dataset/testdata/parquet/hub --text caption --scale cpu"},
		{"a folder without captions", []string{"--data", empty}, "metadata.jsonl"},
		{"networks that are not there", []string{"--pretrained", empty}, "go run ./experiments/pretrain --data scenes --scale cpu"},
		{"networks that an axis asks for and the bundle lacks", []string{"--axis", "teacher", "--pretrained", lean}, "run `go run ./experiments/pretrain --variants teacher-l --bundle " + lean + "`, or add --pretrain"},
		{"a student to start from that the bundle lacks", []string{"--axis", "refine", "--pretrain", "--pretrained", lean, "--out", empty}, "refine: pretrain: " + lean + " holds no student-regression: no such student, want one that `go run ./experiments/sample --run RUN --ship ABOUT --as student-regression` put there"},
		{"no table without a result", []string{"--no-train", "--pretrained", lean, "--out", filepath.Join(empty, "out"), "--reference", "../../results/reference"}, "no student's measurement is finished there"},
		{"a reference that is not there", []string{"--reference", filepath.Join(empty, "none")}, "want a folder of results"},
		{"no toy networks are made for a look", []string{"--no-train", "--scale", "smoke", "--out", filepath.Join(empty, "out")}, "no pretrained networks yet in"},
		{"nor for a forecast", []string{"--dry-run", "--scale", "smoke", "--out", filepath.Join(empty, "out")}, "no pretrained networks yet in"},
		{"nor where they were asked for", []string{"--no-train", "--pretrain", "--axis", "teacher", "--pretrained", lean, "--out", filepath.Join(empty, "out")}, "teacher: "},
		{"networks that are damaged", []string{"--pretrained", broken}, "bundle.json"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), c.args, &stdout, &stderr); rc != 1 {
				t.Errorf("rc = %d, want 1", rc)
			}
			lines := slices.DeleteFunc(strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n"), func(line string) bool {
				return strings.HasPrefix(line, "dataset: ") // what was left out of a folder
			})
			if len(lines) != 1 || !strings.Contains(lines[0], c.want) {
				t.Errorf("stderr = %q, want one line with %q", &stderr, c.want)
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
		{"help has examples", []string{"--help"}, "go run ./experiments/ablate --axis disc-cond"},
		{"the axes with their cells", []string{"-list"}, "cells: none, text, image, both*"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), c.args, &stdout, &stderr); rc != 0 || stderr.Len() > 0 {
				t.Errorf("rc = %d, stderr = %q, want 0 and nothing", rc, &stderr)
			}
			if !strings.Contains(stdout.String(), c.want) {
				t.Errorf("stdout = %q, want %q in it", &stdout, c.want)
			}
		})
	}
}

func TestPrintConfig(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	if rc := run(t.Context(), []string{"-n", "--scale", "smoke", "--axis", "student-init", "--seeds", "2", "--steps", "8", "--out", out, "--reference", out}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	var cells []resolved
	if err := json.Unmarshal(stdout.Bytes(), &cells); err != nil {
		t.Fatal(err)
	}
	if len(cells) != 4 || cells[0].Config.Init != "random" || cells[3].Config.Seed != 2 || cells[0].Config.Steps != 8 {
		t.Errorf("cells = %+v, want 2 cells × 2 seeds of 8 steps", cells)
	}
	if exists(out) {
		t.Error("printing configs wrote something")
	}
}

// A committed student counts for the table beside, and for one's own where its runs are in the folder.
func TestPrintConfigTellsWhatIsFinished(t *testing.T) {
	const reference = "../../results/reference"
	runs, err := os.ReadFile(filepath.Join(reference, "runs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, finished := range []bool{false, true} {
		out := t.TempDir()
		if finished {
			if err := os.WriteFile(filepath.Join(out, "runs.jsonl"), runs, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr bytes.Buffer
		args := []string{"--print-config", "--axis", "student-init", "--pretrained", leanBundle(t), "--out", out, "--reference", reference}
		if rc := run(t.Context(), args, &stdout, &stderr); rc != 0 {
			t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
		}
		var cells []resolved
		if err := json.Unmarshal(stdout.Bytes(), &cells); err != nil {
			t.Fatal(err)
		}
		if len(cells) != 2 {
			t.Errorf("%d cells, want 2 of one seed", len(cells))
		}
		for _, c := range cells {
			if c.Run == "" || c.Finished != finished {
				t.Errorf("%s: run %q, finished: %t, want a name and %t", c.Cell, c.Run, c.Finished, finished)
			}
		}
	}
}

// Fields of --config reach every cell, --steps goes above them, and --cells leaves the others out.
func TestConfigAndCells(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	file := filepath.Join(t.TempDir(), "mine.json")
	if err := os.WriteFile(file, []byte(`{"lambda": 7, "steps": 5, "student_rate": {"peak": 0.5}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"-n", "--scale", "smoke", "--cells", "none,both", "--config", file, "--steps", "3", "--out", out, "--reference", out}
	if rc := run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	var cells []resolved
	if err := json.Unmarshal(stdout.Bytes(), &cells); err != nil {
		t.Fatal(err)
	}
	if len(cells) != 2 || cells[0].Cell != "none" || cells[1].Cell != "both" {
		t.Fatalf("cells = %+v, want none and both", cells)
	}
	for _, c := range cells {
		if c.Config.Lambda != 7 || c.Config.Steps != 3 || c.Config.StudentRate.Peak != 0.5 {
			t.Errorf("%s: lambda = %g, steps = %d, peak = %g, want 7, 3, 0.5", c.Cell, c.Config.Lambda, c.Config.Steps, c.Config.StudentRate.Peak)
		}
	}
}

func TestInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	rc := run(ctx, []string{"--scale", "smoke", "--engine", "go", "--out", t.TempDir()}, &stdout, &stderr)
	if rc != 130 || !strings.Contains(stderr.String(), "the same command resumes") {
		t.Errorf("rc = %d, stderr = %q, want 130 and how to go on", rc, &stderr)
	}
}

func TestCommittedTableStandsBeside(t *testing.T) {
	table := func(fid float64, scale string) report.Table {
		return report.Table{
			Axis: "loss", Scale: scale, Metrics: []report.Metric{{Key: "fid", Name: "FID", Main: true}},
			Rows: []report.Row{{Name: "adv", Seeds: 1, Images: 64, Values: map[string]eval.Estimate{"fid": eval.Alone(fid, 1)}}},
		}
	}
	reference := t.TempDir()
	if _, err := report.WriteAll(filepath.Join(reference, "loss"), table(12.5, "cpu"), report.Table{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why    string
		ours   report.Table
		beside bool
	}{
		{"another table of the same scale", table(13.5, "cpu"), true},
		{"the same table", table(12.5, "cpu"), false},
		{"another scale does not compare", table(13.5, "smoke"), false},
	} {
		var b bytes.Buffer
		if err := show(&b, c.ours, reference); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "For comparison"); got != c.beside {
			t.Errorf("%s: shown = %t, want %t\n%s", c.why, got, c.beside, &b)
		}
	}
}

// Of several axes those whose networks are missing are left out by name, and the others go on.
func TestMissingNetworksLeaveAxesOut(t *testing.T) {
	lean := leanBundle(t)
	var stdout, stderr bytes.Buffer
	args := []string{"--axis", "teacher,augment", "--pretrained", lean, "--dry-run", "--out", filepath.Join(lean, "out"), "--reference", lean}
	if rc := run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	if !strings.Contains(stderr.String(), "left out: teacher: ") || !strings.Contains(stderr.String(), "--variants teacher-l") {
		t.Errorf("stderr = %q, want the axis that was left out and the command", &stderr)
	}
	if !strings.Contains(stdout.String(), "augment/none") || strings.Contains(stdout.String(), "teacher/") {
		t.Errorf("stdout = %q, want the jobs of augment alone", &stdout)
	}
}

// A cell whose network others publish does not cost those who cannot have it the other cells.
func TestMissingPublishedNetworksLeaveCellsOut(t *testing.T) {
	out := t.TempDir()
	for _, c := range []struct {
		cells          string
		rc             int
		stderr, stdout string
	}{
		{"", 0, "left out: disc-features, cell efficientnet-lite0: pretrain: networks are missing: ../../pretrained/scenes holds no features-efficientnet-lite0: run `go run ./experiments/pretrain --variants features-efficientnet-lite0", "disc-features/vit-s-dino2"},
		{"efficientnet-lite0,vit-s", 1, "--variants features-efficientnet-lite0", ""},
	} {
		var stdout, stderr bytes.Buffer
		args := []string{"--axis", "disc-features", "--pretrained", "../../pretrained/scenes", "--dry-run", "--out", out, "--reference", out}
		if c.cells != "" {
			args = append(args, "--cells", c.cells)
		}
		rc := run(t.Context(), args, &stdout, &stderr)
		if rc != c.rc || !strings.Contains(stderr.String(), c.stderr) || !strings.Contains(stdout.String(), c.stdout) || strings.Contains(stdout.String(), "efficientnet") {
			t.Errorf("cells %q: rc = %d, stderr = %q, stdout = %q", c.cells, rc, &stderr, &stdout)
		}
	}
}

// leanBundle is the shipped bundle without any variants.
func leanBundle(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	parts, err := filepath.Glob("../../pretrained/scenes/*.*")
	if err != nil || len(parts) == 0 {
		t.Fatalf("%v: no shipped bundle", err)
	}
	for _, path := range parts {
		path, err := filepath.Abs(path)
		if err == nil {
			err = os.Symlink(path, filepath.Join(dir, filepath.Base(path)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
