package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/tinybundle"
)

func TestWrongCalls(t *testing.T) {
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"one step has no spread", []string{"--steps", "1"}, "steps = 1"},
		{"no warm-up would time the compiler", []string{"--warmup", "0"}, "warmup = 0"},
		{"two things at once", []string{"--fid", "--extract"}, "want one of them"},
		{"nothing to time", []string{"--fid", "--rounds", "0"}, "rounds = 0"},
		{"no threads", []string{"--fid", "--threads", "0"}, "threads = 0"},
		{"a word for a size", []string{"--fid", "--dims", "512,many"}, `dims = "512,many"`},
		{"no Python", []string{"--fid", "--python", "/no/such/python"}, `python = "/no/such/python"`},
		{"no pictures", []string{"--extract", "--pictures", "0"}, "pictures = 0"},
		{"both must read one file", []string{"--extract", "--python", "python3"}, "weights are not named"},
		{"no weights there", []string{"--extract", "--engine", "go", "--weights", t.TempDir()}, "0 files of weights"},
		{"nothing that could be compiled", []string{"--compiled"}, "compiled = true"},
		{"growth beside FID", []string{"--fid", "--growth"}, "want one of them"},
		{"a point without a size", []string{"--point", "batch"}, `point = "batch"`},
		{"a point of nothing", []string{"--point", "depth=3"}, `point = "depth", want one of ["batch" "side" "width" "fid" "recall"]`},
		{"too few pictures for neighbours", []string{"--point", "recall=3"}, "pictures = 3, want > 3"},
		{"a forgotten flag", []string{"2000"}, `argument = "2000"`},
		{"sampling is not timed beside PyTorch", []string{"--sampling", "3", "--python", "python3"}, "sampling = 3"},
		{"no networks", []string{"--pretrained", t.TempDir()}, "no pretrained networks"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, c.want)
			}
		})
	}
}

func TestDifferentNetworksAreNotCompared(t *testing.T) {
	ours := map[string]int{"teacher": 10, "text": 5}
	err := sameNetworks(ours, map[string]int{"teacher": 11, "text": 5})
	if err == nil || !strings.Contains(err.Error(), "teacher has 11 parameters in PyTorch, want 10") {
		t.Errorf("error %v, want the network and both numbers", err)
	}
	if err := sameNetworks(ours, map[string]int{"teacher": 10, "text": 5, "discriminator": 3}); err != nil {
		t.Error(err)
	}
}

// tiny are arguments for two steps of tiny networks.
func tiny(t *testing.T, more ...string) []string {
	t.Helper()
	pretrained := tinybundle.Write(t, "text", "teacher", "features")
	return append([]string{"--pretrained", pretrained, "--engine", "go", "--scale", "smoke", "--steps", "2", "--warmup", "1"}, more...)
}

// at calls do once, when a text is printed.
type at struct {
	bytes.Buffer
	text string
	do   func()
}

func (w *at) Write(p []byte) (int, error) {
	if w.do != nil && bytes.Contains(p, []byte(w.text)) {
		w.do()
		w.do = nil
	}
	return w.Buffer.Write(p)
}

func TestPythonIsAskedBeforeStepsAreTimed(t *testing.T) {
	python := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(python, []byte("#!/bin/sh\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	rc := command().Run(t.Context(), tiny(t, "--python", python, "--out", t.TempDir()), &stdout, &stderr)
	if rc != 1 || !strings.Contains(stderr.String(), "want a Python with torch for cpu") || strings.Contains(stdout.String(), "timed in") {
		t.Errorf("rc = %d, stderr = %q, stdout = %q, want 1, what is missing, and no steps", rc, &stderr, &stdout)
	}
}

func TestTimesAreKeptBeforeMemoryIsWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	if _, _, err := engine.Memory(); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		why       string
		interrupt bool
		rc        int
	}{{"interrupted", true, 130}, {"to the end", false, 0}} {
		t.Run(c.why, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out, stdout := t.TempDir(), &at{text: "memory: step 1/3", do: func() {
				if c.interrupt {
					cancel()
				}
			}}
			var stderr bytes.Buffer
			if rc := command().Run(ctx, tiny(t, "--memory", "3", "--out", out), stdout, &stderr); rc != c.rc {
				t.Errorf("rc = %d, stderr = %q, want %d", rc, &stderr, c.rc)
			}
			text, err := os.ReadFile(filepath.Join(out, "speed.md"))
			if err != nil || !strings.Contains(string(text), "Medians of 2 rounds") || strings.Contains(string(text), "Resident") == c.interrupt {
				t.Errorf("speed.md = %q, %v, want the times, and memory: %v", text, err, !c.interrupt)
			}
		})
	}
}
