package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/internal/tinyedm"
)

func TestAModelOfEDMDrawsClasses(t *testing.T) {
	file, out := tinyedm.File(t), filepath.Join(t.TempDir(), "edm.png")
	var stdout, stderr bytes.Buffer
	args := []string{"--model", file, "--prompt", "7, cat", "--prompt", "0", "--steps", "1,2", "--sampler", "heun,euler", "--engine", "go", "--out", out}
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d: %s", rc, &stderr)
	}
	for _, want := range []string{"engine: go", "model: " + file, "1 step, heun: ", "2 steps, 3 calls, heun: ", "2 steps, euler: ", " s per image\n", "wrote " + out} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("stdout = %q, want %q", &stdout, want)
		}
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if picture, err := png.Decode(f); err != nil || picture.Bounds().Dx() < 3*128 || picture.Bounds().Dy() < 4*128 {
		t.Errorf("%v, want three columns and four rows of 128 pixels (%v)", picture, err)
	}
}

func TestWrongCallsOfAModelOfEDM(t *testing.T) {
	file := tinyedm.File(t)
	for want, args := range map[string][]string{
		`--guidance has no effect with a model of EDM`:                   {"--prompt", "7", "--guidance", "2"},
		`--size has no effect with a model of EDM`:                       {"--prompt", "7", "--size", "64"},
		`--run has no effect with --model`:                               {"--prompt", "7", "--run", "shipped"},
		`sampler = "lcm", want one of ddim, dpmpp2m, unipc, euler, heun`: {"--prompt", "7", "--sampler", "lcm"},
		`class = "fox", want 0 to 9 or one of airplane, automobile`:      {"--prompt", "7,fox"},
		`class = "", want 0 to 9`:                                        {"--prompt", "7,"},
		`prompt is missing, want classes such as --prompt "7,3"`:         nil,
		`n = 100 for 3 classes, want 1 to 256 pictures per row`:          {"--prompt", "7,3,1", "--n", "100"},
		`steps = "0", want numbers`:                                      {"--prompt", "7", "--steps", "0"},
		`no such file.pkl: no such file or directory`:                    {"--prompt", "7", "--model", "no such file.pkl"},
	} {
		var stdout, stderr bytes.Buffer
		if rc := command().Run(t.Context(), append([]string{"--model", file}, args...), &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("rc = %d, stderr = %q, want one line with %q", rc, &stderr, want)
		}
	}
}

func TestAModelWithoutClassesHasNoPrompts(t *testing.T) {
	file, out := tinyedm.Unconditional(t), filepath.Join(t.TempDir(), "edm.png")
	var stdout, stderr bytes.Buffer
	args := []string{"--model", file, "--n", "2", "--steps", "1", "--engine", "go", "--out", out}
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 0 || !strings.Contains(stdout.String(), "\n1 step: ") {
		t.Errorf("rc = %d, stdout = %q, stderr = %q, want a row of one step", rc, &stdout, &stderr)
	}
	if rc := command().Run(t.Context(), append(args, "--prompt", "7"), &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), `prompt = "7", want none`) {
		t.Errorf("rc = %d, stderr = %q, want the prompt refused", rc, &stderr)
	}
}
