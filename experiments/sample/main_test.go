package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

func TestWrongCalls(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"no prompt", nil, `--prompt "a large red star`},
		{"an empty prompt", []string{"--prompt", " "}, "want a caption"},
		{"steps that are no numbers", []string{"--prompt", "a star", "--steps", "1,few"}, `steps = "1,few"`},
		{"no pictures", []string{"--prompt", "a star", "-n", "0"}, "n = 0"},
		{"an unknown form", []string{"--prompt", "a star", "--form", "square"}, `form = "square"`},
		{"no student yet", []string{"--prompt", "a star", "--results", empty}, "go run ./experiments/ablate"},
		{"a run that is not there", []string{"--prompt", "a star", "--results", empty, "--run", "0123456789ab"}, `run = "0123456789ab"`},
		{"a forgotten --prompt", []string{"a star"}, `argument = "a star"`},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), c.args, &stdout, &stderr); rc != 1 {
				t.Errorf("rc = %d, want 1", rc)
			}
			if got := stderr.String(); !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("stderr = %q, want one line with %q", got, c.want)
			}
		})
	}
}

// finished makes the folder of a finished training.
func finished(t *testing.T, results, scale string, age time.Duration, edit func(*distill.Config)) string {
	t.Helper()
	cfg, err := distill.DefaultConfig(scale)
	if err != nil {
		t.Fatal(err)
	}
	edit(&cfg)
	run, err := record.Open(t.Context(), filepath.Join(results, "runs"), distill.RunConfig{Kind: "distill", Distill: cfg}, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if err := os.WriteFile(filepath.Join(run.Dir(), distill.StudentFile), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(map[string]int{}); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(filepath.Join(run.Dir(), "result.json"), when, when); err != nil {
		t.Fatal(err)
	}
	return run.Dir()
}

func TestChooseRun(t *testing.T) {
	results := t.TempDir()
	toy := finished(t, results, "smoke", time.Minute, func(*distill.Config) {})
	choose := func(name string) string {
		r, err := chooseRun(options{results: results, run: name})
		if err != nil {
			t.Fatal(err)
		}
		return r.Dir
	}
	if got := choose(""); got != toy {
		t.Errorf("run = %s, want the only one, %s", got, toy)
	}
	finished(t, results, "cpu", 3*time.Minute, func(*distill.Config) {})
	newest := finished(t, results, "cpu", 2*time.Minute, func(c *distill.Config) { c.Seed = 7 })
	other := finished(t, results, "cpu", 0, func(c *distill.Config) { c.Lambda = 1 })
	for name, want := range map[string]string{
		"": newest, filepath.Base(other): other, other: other, filepath.Join(other, distill.StudentFile): other,
	} {
		if got := choose(name); got != want {
			t.Errorf("--run %q = %s, want %s", name, got, want)
		}
	}
}
