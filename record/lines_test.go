package record

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openTiny(t *testing.T, root string) *Run {
	t.Helper()
	run, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Close() })
	return run
}

func TestLinesAreCutToTheCheckpoint(t *testing.T) {
	for _, c := range []struct{ reason, before, after string }{
		{"a later step is written again", "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n", "{\"step\":1}\n{\"step\":2}\n"},
		{"a torn line of a later step", "{\"step\":2}\n{\"st", "{\"step\":2}\n"},
		{"zeros after a power cut", "{\"step\":2}\n\x00\x00\x00", "{\"step\":2}\n"},
		{"several lines of the checkpoint's step", "{\"step\":2,\"a\":1}\n{\"step\":2,\"b\":1}\n{\"step\":4}\n", "{\"step\":2,\"a\":1}\n{\"step\":2,\"b\":1}\n"},
		{"nothing logged yet", "", ""},
		{"only later steps", "{\"step\":3}\n", ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			root := t.TempDir()
			run := openTiny(t, root)
			if err := run.SaveCheckpoint(2, func(string) error { return nil }); err != nil {
				t.Fatal(err)
			}
			run.Close()
			path := filepath.Join(run.Dir(), "metrics.jsonl")
			write(t, path, c.before)
			lines, err := openTiny(t, root).Lines("metrics.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			if err := lines.Append(3, struct{}{}); err != nil {
				t.Fatal(err)
			}
			if got, want := read(t, path), c.after+"{\"step\":3}\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLinesStartOverWithoutACheckpoint(t *testing.T) {
	root := t.TempDir()
	run := openTiny(t, root)
	run.Close()
	path := filepath.Join(run.Dir(), "metrics.jsonl")
	write(t, path, "{\"step\":1}\n{\"step\":2")
	openTiny(t, root)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", path, err)
	}
}

func TestLinesThatAreNotOursAreNotCut(t *testing.T) {
	root := t.TempDir()
	run := openTiny(t, root)
	if err := run.SaveCheckpoint(2, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	run.Close()
	write(t, filepath.Join(run.Dir(), "other.jsonl"), "{\"step\":1}\n{\"text\":1}\n")
	_, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	checkError(t, err, "other.jsonl:2: want a JSON object with a step")
}

func TestAppend(t *testing.T) {
	run := openTiny(t, t.TempDir())
	lines, err := run.Lines("metrics.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := run.Lines("metrics.jsonl"); same != lines || err != nil {
		t.Errorf("opening again gives another writer: %v", err)
	}
	for step, fields := range []any{
		map[string]float64{"z": 1, "a": math.NaN()},
		struct {
			Loss Number `json:"loss"`
		}{Number(math.Inf(1))},
		map[string]any{},
	} {
		if err := lines.Append(step, fields); err != nil {
			t.Fatal(err)
		}
	}
	want := "{\"step\":0,\"a\":\"NaN\",\"z\":1}\n{\"step\":1,\"loss\":\"+Inf\"}\n{\"step\":2}\n"
	if diff := cmp.Diff(want, read(t, filepath.Join(run.Dir(), "metrics.jsonl"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	checkError(t, lines.Append(1, struct{}{}), "metrics.jsonl: step = 1, want ≥ 2")
	checkError(t, lines.Append(3, map[string]int{"step": 3}), "a step of their own")
	checkError(t, lines.Append(3, []int{1}), "want a struct or a map")
	checkError(t, lines.Append(3, nil), "want a struct or a map")
	checkError(t, lines.Append(3, struct{ Loss float64 }{math.NaN()}), "NaN")
	if err := run.SaveCheckpoint(5, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	checkError(t, lines.Append(5, struct{}{}), "want > 5, the step of the latest checkpoint")
	_, err = run.Lines("../metrics.jsonl")
	checkError(t, err, `lines = "../metrics.jsonl"`)
	_, err = run.Lines("metrics.txt")
	checkError(t, err, `lines = "metrics.txt"`)
}

func TestReadLinesLeavesATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	write(t, path, "{\"step\":1,\"loss\":\"NaN\"}\n{\"step\":2,\"loss\":0.5}\n{\"step\":3,\"lo")
	type line struct {
		Step int
		Loss Number
	}
	got, err := ReadLines[line](path)
	if err != nil || len(got) != 2 || got[1] != (line{2, .5}) || got[0].Loss == got[0].Loss {
		t.Errorf("got %v, %v", got, err)
	}
	write(t, path, "{\"step\":1}\nnonsense\n")
	_, err = ReadLines[line](path)
	checkError(t, err, "metrics.jsonl:2")
}
