package pretrain

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/record"
)

// A run that was finished elsewhere begins again in its folder when its weights are not here, goes on after an interruption, and is
// finished once they are.
func TestOpenRunWithoutWeights(t *testing.T) {
	root := t.TempDir()
	var out bytes.Buffer
	cfg := PartConfig{Kind: "pretrain", Part: "teacher"}
	elsewhere, later, here := record.Environment{Engine: "elsewhere"}, record.Environment{Engine: "later"}, record.Environment{Engine: "here"}
	open := func(env record.Environment) *record.Run {
		t.Helper()
		run, err := openRun(t.Context(), root, cfg, env, &out, weightsFile, tunedTextFile)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	line := func(run *record.Run, step int) {
		t.Helper()
		lines, err := run.Lines("metrics.jsonl")
		if err == nil {
			err = lines.Append(step, map[string]float64{"loss": 1})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	finish := func(run *record.Run) {
		t.Helper()
		for _, name := range []string{weightsFile, tunedTextFile} {
			write(t, filepath.Join(run.Dir(), name), []byte("weights"))
		}
		if err := run.Finish(Result{Steps: 3}); err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}

	// Elsewhere it was interrupted and went on in another environment.
	run := open(elsewhere)
	dir := run.Dir()
	line(run, 1)
	checkpoint(t, run, 1)
	run.Close()
	run = open(later)
	line(run, 3)
	finish(run)
	if run = open(here); !run.Finished() || out.Len() > 0 {
		t.Fatalf("finished = %t, output = %q, want a finished run and no word", run.Finished(), &out)
	}
	if err := os.Remove(filepath.Join(dir, tunedTextFile)); err != nil { // one of two is as good as none
		t.Fatal(err)
	}

	run = open(here)
	if want := "teacher: trained elsewhere, its weights are not here: training it again\n"; run.Finished() || run.Dir() != dir || out.String() != want {
		t.Errorf("finished = %t in %s, output = %q, want a run that begins in %s and %q", run.Finished(), run.Dir(), &out, dir, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "metrics.jsonl")); err == nil {
		t.Error("metrics of the former training are still there")
	}
	line(run, 1)
	line(run, 2)
	checkpoint(t, run, 2)
	run.Close()

	out.Reset()
	run = open(here)
	if step, _, ok := run.LatestCheckpoint(); !ok || step != 2 || out.Len() > 0 {
		t.Errorf("goes on after step %d (%t), output = %q, want step 2 and no word", step, ok, &out)
	}
	line(run, 3)

	// Another process that wants the run waits, and finds it finished.
	found := make(chan bool)
	go func() {
		other, err := openRun(t.Context(), root, cfg, here, &out, weightsFile, tunedTextFile)
		found <- err == nil && other.Finished() && other.Close() == nil
	}()
	finish(run)
	if !<-found || out.Len() > 0 {
		t.Errorf("output = %q, want the one that waited to find a finished run", &out)
	}

	metrics, _ := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if n := strings.Count(string(metrics), "\n"); n != 3 {
		t.Errorf("metrics have %d lines, want 3:\n%s", n, metrics)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "env*.json"))
	var env record.Environment
	if err := record.ReadJSON(filepath.Join(dir, envFile), &env); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(here, env); diff != "" || len(names) != 1 {
		t.Errorf("%d environments, want that of this training alone (-want +got):\n%s", len(names), diff)
	}
}

func checkpoint(t testing.TB, run *record.Run, step int) {
	t.Helper()
	err := run.SaveCheckpoint(step, func(dir string) error { return os.WriteFile(filepath.Join(dir, "state"), []byte("x"), 0o666) })
	if err != nil {
		t.Fatal(err)
	}
}
