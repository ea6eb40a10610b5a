package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// save makes a checkpoint whose state is its step.
func save(t *testing.T, run *Run, step int) {
	t.Helper()
	err := run.SaveCheckpoint(step, func(dir string) error {
		if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o777); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "sub", "state"), fmt.Append(nil, step), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantLatest checks the step and the state of the latest checkpoint.
func wantLatest(t *testing.T, run *Run, want int) {
	t.Helper()
	step, dir, ok := run.LatestCheckpoint()
	if !ok || step != want {
		t.Fatalf("latest checkpoint = %d, %v, want %d", step, ok, want)
	}
	if got := read(t, filepath.Join(dir, "sub", "state")); got != fmt.Sprint(want) {
		t.Errorf("state of step %d = %q", want, got)
	}
}

func TestTheLastTwoCheckpointsStay(t *testing.T) {
	run := openTiny(t, t.TempDir())
	if _, _, ok := run.LatestCheckpoint(); ok {
		t.Error("a new run has a checkpoint")
	}
	for _, step := range []int{0, 9, 10, 100} { // in the order of numbers, not of texts
		save(t, run, step)
		wantLatest(t, run, step)
	}
	parent := filepath.Join(run.Dir(), checkpointsDir)
	if names := folder(t, parent); !cmp.Equal(names, []string{"10", "100"}) {
		t.Errorf("checkpoints = %v", names)
	}
	checkError(t, run.SaveCheckpoint(99, nil), "step = 99, want > 100")
	checkError(t, run.SaveCheckpoint(-1, nil), "step = -1")
	if err := run.SaveCheckpoint(100, nil); err != nil {
		t.Errorf("the state of step 100 is there already: %v", err)
	}
	if err := run.dropCheckpoints(); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := run.LatestCheckpoint(); ok {
		t.Error("a checkpoint is left")
	}
}

func TestFailedCheckpointLeavesTheOneBefore(t *testing.T) {
	run := openTiny(t, t.TempDir())
	save(t, run, 1)
	full := errors.New("no space left on device")
	err := run.SaveCheckpoint(2, func(dir string) error {
		write(t, filepath.Join(dir, "state"), "half")
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error = %v", err)
	}
	checkError(t, err, "checkpoint of step 2")
	wantLatest(t, run, 1)
	if names := folder(t, filepath.Join(run.Dir(), checkpointsDir)); !cmp.Equal(names, []string{"1"}) {
		t.Errorf("checkpoints = %v", names)
	}
	save(t, run, 2)
	wantLatest(t, run, 2)
}

// TestDamagedCheckpointsArePassedOver opens a run as a kill, a power cut or a bad copy may leave it.
func TestDamagedCheckpointsArePassedOver(t *testing.T) {
	for _, c := range []struct {
		reason string
		damage func(latest string) error
		want   int
	}{
		{"killed before the rename", func(dir string) error { return os.Rename(dir, dir+".tmp") }, 1},
		{"killed before the manifest", func(dir string) error { return os.Remove(filepath.Join(dir, manifestFile)) }, 1},
		{"a torn manifest", func(dir string) error { return os.WriteFile(filepath.Join(dir, manifestFile), []byte("{"), 0o666) }, 1},
		{"a file cut short", func(dir string) error { return os.Truncate(filepath.Join(dir, "sub", "state"), 0) }, 1},
		{"a file missing", func(dir string) error { return os.Remove(filepath.Join(dir, "sub", "state")) }, 1},
		{"a stray file beside", func(dir string) error { return os.WriteFile(dir+"x", nil, 0o666) }, 2},
		{"a stray file of a number's name", func(dir string) error { return os.WriteFile(filepath.Join(filepath.Dir(dir), "7"), nil, 0o666) }, 2},
	} {
		t.Run(c.reason, func(t *testing.T) {
			root := t.TempDir()
			run := openTiny(t, root)
			save(t, run, 1)
			save(t, run, 2)
			run.Close()
			if err := c.damage(run.checkpointDir(2)); err != nil {
				t.Fatal(err)
			}
			wantLatest(t, run, c.want)
			again := openTiny(t, root)
			wantLatest(t, again, c.want)
			for _, name := range folder(t, filepath.Join(run.Dir(), checkpointsDir)) {
				if name != "1" && name != "2" {
					t.Errorf("%s is left", name)
				}
			}
			save(t, again, 3)
			wantLatest(t, again, 3)
		})
	}
}

// A folder that was edited by hand is refused, and keeps what a training can resume from.
func TestCheckpointsOfAnotherConfigStay(t *testing.T) {
	root := t.TempDir()
	run, err := Open(t.Context(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(run.SaveCheckpoint(1, func(string) error { return nil }), run.Close(), WriteJSON(filepath.Join(run.Dir(), configFile), tinyConfig{Seed: 7}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), root, tinyConfig{}, Environment{}); err == nil {
		t.Error("another config is no error")
	}
	if steps := run.wholeCheckpoints(); len(steps) != 1 {
		t.Errorf("checkpoints = %v, want the one that was saved", steps)
	}
}
