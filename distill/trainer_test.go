package distill

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/pretrain"
)

// A student does not depend on who was trained before it by the same trainer: not on another seed, not on one that was stopped in
// the middle, not on another cell. Byte by byte.
func TestTrainerLeavesNoTrace(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b := tinyBundle(t, 1)
	for name, edit := range map[string]func(*Config){
		"default": func(*Config) {},
		"random start by Muon, R1 every other step": func(c *Config) { c.Init, c.Muon, c.Discriminator.R1Every = Random, true, 2 },
		"a fake score from the last step":           func(c *Config) { matched(c); c.Matching.From = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			cell := func(seed int64) Config {
				return tinyConfig(t, edit, func(c *Config) { c.Steps, c.Seed = 5, seed })
			}
			want := files(t, new(Trainer), cell(2), b, t.TempDir())
			w := &Trainer{Keep: 2}
			defer w.Close()
			if other := files(t, w, cell(1), b, t.TempDir()); cmp.Equal(want, other) {
				t.Error("another seed gives the same student")
			}
			if len(w.idle) != 1 {
				t.Fatalf("%d cells are kept, want 1", len(w.idle))
			}
			kept := w.idle[0]
			files(t, w, tinyConfig(t, edit, func(c *Config) { c.Steps, c.Lambda = 5, 7 }), b, t.TempDir())
			if diff := cmp.Diff(want, files(t, w, cell(2), b, t.TempDir())); diff != "" {
				t.Errorf("after another seed (-alone +after):\n%s", diff)
			}
			if w.idle[len(w.idle)-1] != kept {
				t.Error("the second seed compiled again")
			}

			// What goes on from a checkpoint is restored over the steps of others, too.
			root := t.TempDir()
			interrupt(t, cell(2), b, root, 3)
			files(t, w, cell(3), b, t.TempDir())
			if diff := cmp.Diff(want, files(t, w, cell(2), b, root)); diff != "" {
				t.Errorf("resumed after another seed (-alone +after):\n%s", diff)
			}
		})
	}
}

// Of more cells than it may keep a trainer keeps the first ones, which a sweep comes to again first.
func TestTrainerKeepsTheFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b := tinyBundle(t, 1)
	cell := func(lambda float64) Config {
		return tinyConfig(t, func(c *Config) { c.Steps, c.Lambda = 1, lambda })
	}
	w := &Trainer{Keep: 2}
	defer w.Close()
	for _, lambda := range []float64{1, 2, 3, 1} {
		files(t, w, cell(lambda), b, t.TempDir())
	}
	var kept []float64
	for _, d := range w.idle {
		kept = append(kept, d.Config.Lambda)
	}
	if diff := cmp.Diff([]float64{2, 1}, kept); diff != "" {
		t.Errorf("kept λ (-want +got):\n%s", diff)
	}
}

// files trains one run and returns what it leaves.
func files(t *testing.T, w *Trainer, cfg Config, b *pretrain.Bundle, root string) map[string]string {
	t.Helper()
	run := openRun(t, root, cfg, b)
	defer run.Close()
	in := Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}
	if err := w.Train(t.Context(), in, run, silent()); err != nil {
		t.Fatal(err)
	}
	left := map[string]string{}
	for _, file := range []string{"metrics.jsonl", "health.jsonl", StudentFile} {
		data, err := os.ReadFile(filepath.Join(run.Dir(), file))
		if err != nil {
			t.Fatal(err)
		}
		left[file] = string(data)
	}
	return left
}
