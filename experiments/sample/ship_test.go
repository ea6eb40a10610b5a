package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
)

// madeFor says in a tiny bundle's manifest that it was trained on a built-in world.
func madeFor(t *testing.T, dir, world string) {
	t.Helper()
	data, err := dataset.Open(world, tinyworld.Size, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bundle.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte(tinyworld.New().Hash()), []byte(data.Hash()))
	text = regexp.MustCompile(`"data": "[^"]*"`).ReplaceAll(text, []byte(`"data": "`+world+`"`))
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func call(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 0 {
		t.Fatalf("%q: rc = %d: %s", args, rc, &stderr)
	}
	return stdout.String()
}

// A student that was trained here is shipped, and draws where nobody has trained one.
func TestShippedStudentDraws(t *testing.T) {
	bundle := tinybundle.Write(t, "classifier", "pair", "text", "teacher")
	madeFor(t, bundle, "scenes-free")
	dir := finished(t, t.TempDir(), "smoke", time.Minute, func(*distill.Config) {})
	trained, err := os.ReadFile(tinybundle.WritePart(t, "teacher", 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, distill.StudentFile), trained, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := call(t, "--run", dir, "--pretrained", bundle, "--ship", "ADD, a toy", "--engine", "go"); !strings.Contains(got, "shipped in "+bundle+": FID ") {
		t.Errorf("stdout = %q, want scores of what was shipped", got)
	}
	b, err := pretrain.LoadBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	var cfg distill.RunConfig
	if err := json.Unmarshal(b.Student.Config, &cfg); err != nil || cfg.Distill.Scale != "smoke" || b.Student.Run != filepath.Base(dir) {
		t.Errorf("run %s with config %+v, error %v, want those of %s", b.Student.Run, cfg, err, dir)
	}
	if m := b.Student.Metrics.(map[string]any); m["images"] != float64(protocol.DefaultSetup("smoke").Images) || !(m["fid"].(float64) > 0) {
		t.Errorf("metrics = %v", m)
	}

	if got := call(t, "--run", dir, "--pretrained", bundle, "--ship", "a start", "--as", "student-start", "--engine", "go"); !strings.Contains(got, "shipped in "+bundle+" as student-start: FID ") {
		t.Errorf("stdout = %q, want scores of what was shipped", got)
	}
	if b, err = pretrain.LoadBundle(bundle); err != nil || b.Student.About != "ADD, a toy" {
		t.Fatalf("student = %+v, error %v, want the one before", b.Student, err)
	}
	if err := b.Want("student-start"); err != nil {
		t.Error(err)
	}

	out := filepath.Join(t.TempDir(), "picture.png")
	for _, more := range [][]string{nil, {"--run", "shipped"}} {
		got := call(t, append(more, "--prompt", "a red star", "--prompt", "a blue ring", "--results", t.TempDir(), "--pretrained", bundle, "--engine", "go", "--out", out)...)
		for _, want := range []string{"student: " + filepath.Join(bundle, "student.safetensors") + " (shipped: ADD, a toy)\n", "teacher, 25 steps ", "student, 1 step ", "ms per image\n", "wrote " + out} {
			if !strings.Contains(got, want) {
				t.Errorf("stdout = %q, want %q", got, want)
			}
		}
		if info, err := os.Stat(out); err != nil || info.Size() == 0 {
			t.Errorf("no picture: %v", err)
		}
	}
}
