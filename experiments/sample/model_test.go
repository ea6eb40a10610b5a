package main

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

func TestAModelDrawsARowForEverySamplerAndNumberOfSteps(t *testing.T) {
	tinyModel := tinylatent.Folder(t, "sd")
	out := filepath.Join(t.TempDir(), "new", "model.png")
	var stdout, stderr bytes.Buffer
	args := []string{"--model", tinyModel, "--prompt", "a fox", "--prompt", "a red tail", "--steps", "1,2", "--sampler", "euler,lcm", "--engine", "go", "--out", out}
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d: %s", rc, &stderr)
	}
	for _, want := range []string{"engine: go", "model: " + tinyModel, "1 step, euler: ", "2 steps, lcm: ", " s per image\n", "wrote " + out} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("stdout = %q, want %q", &stdout, want)
		}
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if picture, err := png.Decode(f); err != nil || picture.Bounds().Dx() < 2*128 || picture.Bounds().Dy() < 4*128 {
		t.Errorf("%v, want two columns and four rows of 128 pixels (%v)", picture, err)
	}
}

func TestWrongCallsOfAModel(t *testing.T) {
	tinyModel := tinylatent.Folder(t, "sd")
	for want, args := range map[string][]string{
		`--run has no effect with --model`:                                     {"--model", tinyModel, "--run", "shipped"},
		`--teacher has no effect with --model`:                                 {"--model", tinyModel, "--teacher=false"},
		`--negative has no effect without --model`:                             {"--negative", "a tree"},
		`negative = "a tree" has no effect at 1 steps without guidance`:        {"--model", tinyModel, "--negative", "a tree"},
		`guidance = -2, want ≥ 0`:                                              {"--model", tinyModel, "--guidance", "-2"},
		`sampler = "heun", want one of ddim, dpmpp2m, euler`:                   {"--model", tinyModel, "--sampler", "heun"},
		`sampler = "", want one of ddim`:                                       {"--model", tinyModel, "--sampler", "euler,"},
		`guidance = NaN, want ≥ 0`:                                             {"--model", tinyModel, "--guidance", "nan"},
		`"fast"`:                                                               {"--model", tinyModel, "--engine", "fast"},
		`size = 15, want a multiple of 4 pixels`:                               {"--model", tinyModel, "--size", "15"},
		`steps = 2000, want 1 to 1000`:                                         {"--model", tinyModel, "--steps", "2000"},
		`model = "no such folder", want a folder that is there, or OWNER/NAME`: {"--model", "no such folder"},
		`prompt is missing`:                                                    nil,
	} {
		var stdout, stderr bytes.Buffer
		if args != nil {
			args = append(args, "--prompt", "a fox")
		} else {
			args = []string{"--model", tinyModel}
		}
		if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("rc = %d, stderr = %q, want one line with %q", rc, &stderr, want)
		}
	}
}

func TestPicturesThatAreNotFiniteAreRefused(t *testing.T) {
	tinyModel := tinylatent.Folder(t, "sd")
	files, err := filepath.Glob(filepath.Join(tinyModel, "unet", "*.safetensors"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	raw, err := weights.ReadRaw(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range raw.Tensors {
		for i := range tensor.Bytes {
			tensor.Bytes[i] = 0xff
		}
	}
	if err := weights.WriteRaw(files[0], raw); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "drawn")
	for _, where := range [][]string{{"--out", out + ".png"}, {"--pictures", out}} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"--model", tinyModel, "--prompt", "a fox", "--steps", "1", "--engine", "go"}, where...)
		if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), "picture 1 is not finite: NaN") {
			t.Errorf("%s: rc = %d, stderr = %q, want an error", where, rc, &stderr)
		}
		if drawn, _ := filepath.Glob(filepath.Join(out, "*.png")); len(drawn) > 0 {
			t.Errorf("%q is written", drawn)
		}
	}
	if err := finite([]float32{0, 1, -1, 0, 0, float32(math.Inf(-1))}, 1); err == nil || err.Error() != "picture 2 is not finite: -Inf" {
		t.Errorf("error = %v", err)
	}
}

func TestGuidanceGoesByTheSteps(t *testing.T) {
	tinyModel := tinylatent.Folder(t, "sd")
	// Distilled models take few steps and no guidance.
	var stdout, stderr bytes.Buffer
	out := filepath.Join(t.TempDir(), "model.png")
	args := []string{"--model", tinyModel, "--prompt", "a fox and another fox and another fox", "--steps", "8,9", "--engine", "go", "--out", out}
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d: %s", rc, &stderr)
	}
	if want := `sample: the model reads the first 18 tokens of "a fox and another`; !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr = %q, want %q", &stderr, want)
	}
	for _, want := range []string{"\n8 steps: ", "\n9 steps, guidance 7.5: ", "with compilation"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("stdout = %q, want %q", &stdout, want)
		}
	}
}
