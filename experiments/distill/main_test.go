package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network/weights"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// call runs the program and wants a code.
func call(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	if rc := command().Run(t.Context(), args, &out, &errors); rc != want {
		t.Fatalf("%q: rc = %d, want %d: %s", args, rc, want, &errors)
	}
	return out.String(), errors.String()
}

// A student is a model, and its LoRA a file beside. With ADDLAB_PYTHON, a Python that has diffusers and peft, both draw the same there.
func TestAStudentIsTrainedOnceAndSavedAsAModel(t *testing.T) {
	dir, teacher := t.TempDir(), tinylatent.Folder(t, "sd")
	config := filepath.Join(dir, "small.json")
	write(t, config, `{"accumulate": 2, "student_rate": {"peak": 0.05, "warmup": 0}, "discriminator": {"map_dim": 8}}`)
	args := append(tinybundle.Features(t), "--teacher", teacher, "--data", "scenes", "--config", config, "--steps", "2", "--lora", "2",
		"--engine", "go", "--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(dir, "student"))
	stdout, _ := call(t, 0, args...)
	if !strings.Contains(stdout, "step 2/2") || !strings.Contains(stdout, "wrote "+filepath.Join(dir, "student")) {
		t.Errorf("stdout = %q", stdout)
	}
	student, err := latent.Open(t.Context(), filepath.Join(dir, "student"), latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lora, err := weights.Read(filepath.Join(dir, "student", "pytorch_lora_weights.safetensors"))
	if err != nil || len(lora.Tensors) == 0 {
		t.Errorf("no LoRA: %v", err)
	}
	if python := os.Getenv("ADDLAB_PYTHON"); python != "" {
		out, err := exec.Command(python, "testdata/lora.py", teacher, filepath.Join(dir, "student")).Output()
		var difference, largest float64
		if _, scanned := fmt.Sscan(string(out), &difference, &largest); err != nil || scanned != nil || difference > 1e-5*largest {
			t.Errorf("diffusers: %s (%v), want a difference of at most 1e-5 of the largest value", out, err)
		}
		drawsAsInPython(t, python, student)
	}
	if _, stderr := call(t, 1, args...); !strings.Contains(stderr, "is there already, want a new one") {
		t.Errorf("stderr = %q", stderr)
	}
	if stdout, _ := call(t, 0, append(args, "--out", filepath.Join(dir, "again"))...); strings.Contains(stdout, "distill: step") {
		t.Errorf("a finished run is trained again: %q", stdout)
	}
}

// drawsAsInPython wants the same picture of diffusers, in one step from given latents.
func drawsAsInPython(t *testing.T, python string, student *latent.Model) {
	t.Helper()
	e, err := engine.Open(t.Context(), "go", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p, err := student.Load(e.Backend)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var latents, want []float32
	got, err := p.Draw(t.Context(), latent.Request{Prompts: []string{"a fox"}, Steps: 1, Size: student.Size, Noise: func(_, _, n int) []float32 {
		latents = rng.Normal(rng.New(1, "latents", 0), n)
		return slices.Clone(latents)
	}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(latents)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "../../latent/testdata/draw.py", student.Dir, "EulerAncestralDiscreteScheduler", "1", string(text)).Output()
	if err == nil {
		err = json.Unmarshal(out, &want)
	}
	if err != nil || len(want) != len(got) {
		t.Fatalf("%d values, %v, want %d", len(want), err, len(got))
	}
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-4*float64(slices.Max(want)) {
			t.Fatalf("value %d = %g, diffusers has %g", i, got[i], want[i])
		}
	}
}

// progressive is a config of two steps that are one stage.
const progressive = `{"accumulate": 2, "adversarial": 0, "times": [1000, 500], "distill_pixels": false, "method": {"progressive": {"from": 2, "to": 2}}}`

// A student of consistency is drawn by LCM's scheduler on its grid, and one of progressive distillation by one that adds no noise. A folder
// may end in a slash.
func TestAStudentNamesItsScheduler(t *testing.T) {
	for _, test := range []struct {
		method, config, class, steps string
		last                         float64 // timestep of four and of two steps
	}{
		{"lcm", `{"accumulate": 1, "consistency": {"grid": 20}}`, "LCMScheduler", "1,4", 249},
		{"add", progressive, "EulerDiscreteScheduler", "2", 499},
		{"dmd2", `{"accumulate": 2, "discriminator": {"map_dim": 8}}`, "EulerAncestralDiscreteScheduler", "1", 999},
	} {
		dir := t.TempDir()
		config, out := filepath.Join(dir, "small.json"), filepath.Join(dir, "new", "student")
		write(t, config, test.config)
		stdout, _ := call(t, 0, "--teacher", tinylatent.Folder(t, "sd"), "--data", "scenes", "--method", test.method, "--config", config, "--steps", "1", // none looks through features
			"--engine", "go", "--runs", filepath.Join(dir, "runs"), "--out", out+"/")
		if want := fmt.Sprintf("wrote %s: go run ./experiments/sample --model %s --steps %s ", out, out, test.steps); !strings.Contains(stdout, want) {
			t.Errorf("stdout = %q, want %q", stdout, want)
		}
		m, err := latent.Open(t.Context(), out, latent.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.Scheduler("")
		if err != nil {
			t.Fatal(err)
		}
		_, plan, err := s.Plan(int(test.steps[len(test.steps)-1] - '0'))
		if s.Class != test.class || err != nil || plan[len(plan)-1].T != test.last {
			t.Errorf("scheduler = %s, %v (%v), want %s to timestep %g", s.Class, plan, err, test.class, test.last)
		}
	}
}

// The file's seed holds unless one is typed.
func TestASeedIsTakenFromTheConfig(t *testing.T) {
	config := filepath.Join(t.TempDir(), "seed.json")
	write(t, config, `{"seed": 7}`)
	for want, args := range map[string][]string{`"seed": 1,`: nil, `"seed": 7,`: {"--config", config}, `"seed": 3,`: {"--config", config, "--seed", "3"}} {
		if stdout, _ := call(t, 0, append(args, "--print-config")...); !strings.Contains(stdout, want) {
			t.Errorf("%q: stdout = %s, want %s", args, stdout, want)
		}
	}
}

// A place where nothing can be written is refused before hours of training, not after them.
func TestAPlaceForTheStudentIsTriedFirst(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "small.json")
	write(t, config, `{"accumulate": 1}`)
	_, stderr := call(t, 1, append(tinybundle.Features(t), "--teacher", tinylatent.Folder(t, "sd"), "--data", "scenes", "--method", "lcm", "--config", config, "--steps", "1",
		"--engine", "go", "--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(config, "student"))...)
	if !strings.Contains(stderr, "small.json/student: ") || !strings.Contains(stderr, "a part of the path is a file, not a folder") {
		t.Errorf("stderr = %q", stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
		t.Error("a run was begun")
	}
}

// A plan that takes steps leaves neither a run nor a student.
func TestThePlanTimesSteps(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "small.json")
	write(t, config, `{"accumulate": 1, "discriminator": {"map_dim": 8}}`)
	stdout, _ := call(t, 0, append(tinybundle.Features(t), "--teacher", tinylatent.Folder(t, "sd"), "--data", "scenes", "--config", config, "--plan", "--timed", "2",
		"--engine", "go", "--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(dir, "student"))...)
	for _, want := range []string{"  student, ", "\nthe first step takes ", " 2 timed); 4000 steps about ", "\nmemory of this process at most ", "\nactivations: not known, as only XLA tells "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout = %q, want %q", stdout, want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("left = %q, error %v, want the config alone", left, err)
	}
}

// Without data a plan is counted, and compiled where the engine tells what that takes; EDM's networks too.
func TestAPlanNeedsNoData(t *testing.T) {
	for _, teacher := range []string{tinylatent.Folder(t, "sd"), tinyedm.File(t)} {
		args := []string{"--teacher", teacher, "--plan", "--engine", "go"}
		if stdout, _ := call(t, 0, args...); !strings.Contains(stdout, "  student, ") || !strings.Contains(stdout, "\n"+teachers.Untimed+"\n") {
			t.Errorf("stdout = %q, want the parts, and which flags tell more", stdout)
		}
		args = append(args, append(tinybundle.Features(t), "--compiled")...)
		if stdout, _ := call(t, 0, args...); !strings.Contains(stdout, "  student, ") || !strings.Contains(stdout, "activations: not known, as only XLA tells the memory that a compiled program needs (engine: go)\n") {
			t.Errorf("stdout = %q, want that the engine does not tell", stdout)
		}
	}
	if _, stderr := call(t, 1, "--teacher", tinylatent.Folder(t, "sd"), "--plan", "--compiled", "--engine", "go"); !strings.Contains(stderr, "size = 16, want at least the 224 of the features") {
		t.Errorf("stderr = %q", stderr)
	}
}

func TestWrongCallsAreRefusedByName(t *testing.T) {
	folder, seen := tinylatent.Folder(t, "sd"), tinybundle.Features(t)
	with := func(args ...string) []string {
		return append(append([]string{"--teacher", folder, "--out", filepath.Join(t.TempDir(), "new")}, args...), seen...)
	}
	muon, grid := filepath.Join(t.TempDir(), "muon.json"), filepath.Join(t.TempDir(), "grid.json")
	write(t, muon, `{"muon": true}`)
	write(t, grid, `{"consistency": {"grid": 30}}`)
	times := filepath.Join(t.TempDir(), "times.json")
	write(t, times, `{"times": [1000, 900, 800, 700]}`)
	for want, args := range map[string][]string{
		"times = [1000 900 800 700], want 750 in place of 900: the saved scheduler": with("--data", "scenes", "--config", times),
		"teacher is missing": {"--data", "scenes"},
		"data is missing":    {"--teacher", folder},
		"features is missing, want a file with weights":     {"--teacher", folder, "--data", "scenes"},
		`method = "sdxl", want one of ["add" "ladd"`:        {"--teacher", folder, "--plan", "--method", "sdxl"},
		`features-net = "resnet", want one of ["dino-s"`:    append(with("--data", "scenes"), "--features-net", "resnet"),
		"size = 18, want a multiple of 4 pixels":            with("--data", "scenes", "--size", "18"),
		"size = 4, want at least the 8 of the features":     with("--data", "scenes", "--size", "4"),
		"accumulate = 64, want 0 or 1 with muon":            with("--data", "scenes", "--config", muon),
		"model_index.json":                                  {"--teacher", t.TempDir(), "--plan"},
		`precision = "fp8", want "" for float32, or "bf16"`: {"--teacher", folder, "--plan", "--precision", "fp8"},
		"timed = 2, want ≥ 1, with --plan":                  with("--data", "scenes", "--timed", "2"),
		"compiled says what a plan prints, want --plan":     with("--data", "scenes", "--compiled"),
		"data is missing, want captioned":                   {"--teacher", folder, "--plan", "--timed", "2"},
		"steps = 0, want ≥ 1":                               with("--data", "scenes", "--steps", "0"),
		"consistency.grid = 30, want a divisor of the 1000": with("--data", "scenes", "--steps", "1", "--method", "lcm", "--config", grid),
	} {
		if _, stderr := call(t, 1, args...); !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: stderr = %q, want one line with %q", args, stderr, want)
		}
	}
}
