package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestKilledRunEndsLikeAnUndisturbedOne(t *testing.T) {
	root := t.TempDir()
	if err := train(root, 0); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, mustHash(t, tinyConfig{}))
	want := content(t, dir)
	if !cmp.Equal(folder(t, dir), []string{"config.json", "env.json", "health.jsonl", "metrics.jsonl", "result.json"}) {
		t.Fatalf("a finished run holds %v", folder(t, dir))
	}

	const moments = 1 + 10 + 3*3 + 1
	for dieAt := 1; dieAt <= moments; dieAt++ {
		root := t.TempDir()
		dir := filepath.Join(root, filepath.Base(dir))
		// Each process gets as far as the first one did, at least to the next checkpoint, and dies again.
		for attempt := range 2 {
			out, err := child("train", root, dieAt).CombinedOutput()
			if err == nil && attempt == 0 || len(out) > 0 {
				t.Fatalf("moment %d: the child should have died silently: %v\n%s", dieAt, err, out)
			}
		}
		// A write that never ended leaves these behind.
		if _, err := os.Stat(filepath.Join(dir, "result.json")); err != nil {
			write(t, filepath.Join(dir, "result.json.tmp-0123456789abcdef"), "{")
			write(t, filepath.Join(dir, "checkpoints/9.tmp/sum.json"), "2")
			if f, err := os.OpenFile(filepath.Join(dir, "metrics.jsonl"), os.O_APPEND|os.O_WRONLY, 0); err == nil {
				f.WriteString(`{"step":7,"su`)
				f.Close()
			}
		}
		if err := train(root, 0); err != nil {
			t.Fatalf("moment %d: %v", dieAt, err)
		}
		if diff := cmp.Diff(want, content(t, dir)); diff != "" {
			t.Errorf("killed at moment %d (-undisturbed +resumed)\n%s", dieAt, diff)
		}
	}
}

func TestSecondProcessWaitsAndADeadOneDoesNotBlock(t *testing.T) {
	root := t.TempDir()
	cmd := child("hold", root, 0)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	b := make([]byte, 100)
	n, _ := out.Read(b)
	if string(b[:n]) != "held\n" {
		t.Fatalf("child: %s", b[:n])
	}

	ctx, cancel := context.WithTimeout(context.Background(), 3*pollInterval)
	defer cancel()
	path := filepath.Join(root, mustHash(t, tinyConfig{}), lockFile)
	var message bytes.Buffer
	_, err = lock(ctx, path, &message)
	checkError(t, err, fmt.Sprintf("waiting for pid %d", cmd.Process.Pid))
	checkError(t, err, context.DeadlineExceeded.Error())
	if strings.Count(message.String(), "waiting for pid") != 1 {
		t.Errorf("told %q, want it once", message.String())
	}
	// Others need not wait, and may look.
	other, err := Open(context.Background(), root, tinyConfig{Seed: 1}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	if _, finished, err := Find(tinyConfig{}, openRuns(t, root)); finished || err != nil {
		t.Errorf("Find: %v, %v", finished, err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	start := time.Now()
	run, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if d := time.Since(start); d > time.Second {
		t.Errorf("a dead process's lock was free after %v only", d)
	}
}

func TestWaiterFindsTheRunFinished(t *testing.T) {
	root := t.TempDir()
	first, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Run)
	for range 3 {
		go func() {
			run, err := Open(context.Background(), root, tinyConfig{}, Environment{})
			if err != nil {
				t.Error(err)
			}
			opened <- run
		}()
	}
	time.Sleep(pollInterval / 2)
	if err := first.Finish(map[string]float64{"fid": 20.6}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		run := <-opened
		var result map[string]float64
		if err := run.Result(&result); !run.Finished() || err != nil || result["fid"] != 20.6 {
			t.Errorf("finished %v, %v, %v", run.Finished(), result, err)
		}
		checkError(t, run.Finish(1), "is finished")
		checkError(t, run.SaveCheckpoint(1, nil), "is finished")
		_, err := run.Lines("metrics.jsonl")
		checkError(t, err, "is finished")
		if err := run.Close(); err != nil {
			t.Error(err)
		}
	}
	if names := folder(t, first.Dir()); !cmp.Equal(names, []string{"config.json", "env.json", "result.json"}) {
		t.Errorf("folder holds %v", names)
	}
}

func TestOpenWritesConfigAndEnvironmentFirst(t *testing.T) {
	root := t.TempDir()
	config := tinyConfig{Name: "a", Seed: 1<<53 + 1}
	open := func(env Environment) {
		t.Helper()
		run, err := Open(context.Background(), root, config, env)
		if err != nil {
			t.Fatal(err)
		}
		if run.Dir() != filepath.Join(root, mustHash(t, config)) || run.Finished() {
			t.Errorf("opened %s, %v", run.Dir(), run.Finished())
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
	here := NewEnvironment("go", "", "")
	open(here)
	dir := filepath.Join(root, mustHash(t, config))
	if got := mustHash(t, json.RawMessage(read(t, filepath.Join(dir, "config.json")))); got != filepath.Base(dir) {
		t.Errorf("config.json hashes to %s", got)
	}
	later := here
	later.Time = later.Time.Add(time.Hour)
	open(later)
	if names := folder(t, dir); !cmp.Equal(names, []string{"config.json", "env.json", "lock"}) {
		t.Errorf("starting again in the same environment gives %v", names)
	}
	later.Commit += "x"
	open(later)
	open(later)
	if names := folder(t, dir); !cmp.Equal(names, []string{"config.json", "env-2.json", "env.json", "lock"}) {
		t.Errorf("starting again on another commit gives %v", names)
	}
}

func TestOpenRefuses(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, mustHash(t, tinyConfig{}))
	file := filepath.Join(root, "file")
	write(t, file, "")
	_, err := Open(context.Background(), file, tinyConfig{}, Environment{})
	checkError(t, err, file)
	_, err = Open(context.Background(), root, 3, Environment{})
	checkError(t, err, "want a struct or a map")

	write(t, filepath.Join(dir, "config.json"), `{"seed":1}`)
	_, err = Open(context.Background(), root, tinyConfig{}, Environment{})
	checkError(t, err, "belongs to another config")
	_, _, err = Find(tinyConfig{}, openRuns(t, root))
	checkError(t, err, "belongs to another config")
	write(t, filepath.Join(dir, "config.json"), `{"seed":`)
	_, err = Open(context.Background(), root, tinyConfig{}, Environment{})
	checkError(t, err, "config.json")
}

// TestKilledWhileFinishing finds the result there and the checkpoints not yet dropped.
func TestKilledWhileFinishing(t *testing.T) {
	root := t.TempDir()
	run, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.SaveCheckpoint(1, func(dir string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	run.Close()
	write(t, filepath.Join(run.Dir(), "result.json"), "1")
	again, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if names := folder(t, run.Dir()); !again.Finished() || !cmp.Equal(names, []string{"config.json", "env.json", "result.json"}) {
		t.Errorf("finished %v, folder %v", again.Finished(), names)
	}
}

func TestClosedRunRefusesWrites(t *testing.T) {
	run, err := Open(context.Background(), t.TempDir(), tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := run.Lines("metrics.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
	}
	checkError(t, metrics.Append(1, struct{}{}), "is closed")
	checkError(t, run.Finish(1), "is closed")
}
