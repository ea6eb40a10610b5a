package distill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// pinnedCurve is testdata/curve.json: the values of six steps, to which every change of the code must lead again.
type pinnedCurve struct {
	Maker  string               `json:"maker"`
	Engine string               `json:"engine"`
	Recipe int                  `json:"recipe"`
	Cells  map[string]pinnedRun `json:"cells"`
}

type pinnedRun []map[string]float64

func TestPinnedCurve(t *testing.T) {
	const path = "testdata/curve.json"
	got := pinnedCurve{Maker: "go test ./distill -run TestPinnedCurve -update", Engine: graphtest.Engine().Name(), Recipe: RecipeVersion, Cells: map[string]pinnedRun{}}
	for name, edit := range map[string]func(c *Config){
		"default": func(*Config) {},
		"nfsd, random start, R1 every other step": func(c *Config) { c.Weighting, c.Init, c.Discriminator.R1Every = "nfsd", Random, 2 },
	} {
		cfg := tinyConfig(t, edit, func(c *Config) { c.Steps = 6 })
		got.Cells[name] = newBench(t, cfg, tinyBundle(t, 1)).take(t, cfg.Steps)
		for _, at := range got.Cells[name] { // shares of 32 tokens: one rounding error would turn a whole token
			delete(at, "acc_real")
			delete(at, "acc_fake")
		}
	}
	if *update {
		if err := record.WriteJSON(path, got); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want pinnedCurve
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	// Processors round differently; what a change of the code does is larger.
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(2e-3, 1e-4)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// world is a dataset whose training pictures pass through a filter.
type world struct {
	*dataset.Scenes
	filter func(i int, s dataset.Sample) dataset.Sample
}

func (w *world) Train() dataset.Source { return filtered{w.Scenes.Train(), w.filter} }

type filtered struct {
	dataset.Source
	filter func(i int, s dataset.Sample) dataset.Sample
}

func (f filtered) Sample(i int) (dataset.Sample, error) {
	s, err := f.Source.Sample(i)
	return f.filter(i, s), err
}

func trainOnce(ctx context.Context, t testing.TB, cfg Config, b *pretrain.Bundle, root string, data dataset.Dataset) (dir string, err error) {
	t.Helper()
	run := openRun(t, root, cfg, b)
	defer run.Close()
	return run.Dir(), new(Trainer).Train(ctx, Inputs{Config: cfg, Bundle: b, Data: data, Backend: graphtest.Engine()}, run, silent())
}

// Stopped in the middle and started again, a run ends as if nothing had happened, byte by byte.
func TestResumedIsUndisturbed(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b, results := tinyBundle(t, 1), map[string]map[string]string{}
	cfg := tinyConfig(t, func(c *Config) { c.Steps, c.Discriminator.R1Every = 7, 2 })
	for _, name := range []string{"undisturbed", "interrupted"} {
		root := t.TempDir()
		if name == "interrupted" {
			dir := interrupt(t, cfg, b, root, 3)
			if _, err := os.Stat(filepath.Join(dir, StudentFile)); err == nil {
				t.Errorf("an interrupted run has left a student")
			}
		}
		dir, err := trainOnce(t.Context(), t, cfg, b, root, tinyworld.New())
		if err != nil {
			t.Fatal(err)
		}
		results[name] = map[string]string{}
		for _, file := range []string{"metrics.jsonl", "health.jsonl", StudentFile} {
			data, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			results[name][file] = string(data)
		}
	}
	for file, want := range results["undisturbed"] {
		if got := results["interrupted"][file]; got != want {
			t.Errorf("%s differs after an interruption", file)
		}
	}
	if lines := strings.Count(results["undisturbed"]["metrics.jsonl"], "\n"); lines != cfg.Steps {
		t.Errorf("metrics.jsonl has %d lines, want %d", lines, cfg.Steps)
	}
}

// interrupt trains to the given step or one more, ends the context, and wants a checkpoint to stand there.
func interrupt(t *testing.T, cfg Config, b *pretrain.Bundle, root string, step int) (dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	run := openRun(t, root, cfg, b)
	defer run.Close()

	// Pictures are drawn ahead. Those of the step after next wait until this step's line is written: training cannot run away.
	blocked, err := dataset.NewLoader(tinyworld.New().Train(), cfg.Batch, cfg.Seed, "distill").Batch(step + 2)
	if err != nil {
		t.Fatal(err)
	}
	data := &world{Scenes: tinyworld.New(), filter: func(i int, s dataset.Sample) dataset.Sample {
		for i == blocked.Indices[0] && ctx.Err() == nil {
			if lines, _ := os.ReadFile(filepath.Join(run.Dir(), "metrics.jsonl")); bytes.Count(lines, []byte("\n")) >= step {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
		return s
	}}
	err = new(Trainer).Train(ctx, Inputs{Config: cfg, Bundle: b, Data: data, Backend: graphtest.Engine()}, run, silent())
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want the context's", err)
	}
	if at, _, ok := run.LatestCheckpoint(); !ok || at != step && at != step+1 {
		t.Fatalf("latest checkpoint at step %d (found: %v), want %d or %d", at, ok, step, step+1)
	}
	return run.Dir()
}

func TestTrainLeavesAverageAsStudent(t *testing.T) {
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t, func(c *Config) { c.Steps = 2 })
	dir, err := trainOnce(t.Context(), t, cfg, b, t.TempDir(), tinyworld.New())
	if err != nil {
		t.Fatal(err)
	}
	student, err := weights.Read(filepath.Join(dir, StudentFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Check(graphtest.Engine(), teacherScope, student); err != nil {
		t.Errorf("the student has not the teacher's architecture: %v", err)
	}
	n := newBench(t, cfg, b)
	curve := n.take(t, 2)
	got := map[string][]float32{}
	for name, x := range student.Tensors {
		got[strings.ReplaceAll(name, ".", "/")] = x.Data
	}
	if !cmp.Equal(below(snapshot(n.store), studentEMAScope), got) {
		t.Error("student.safetensors is not the student's average in full precision")
	}
	lines, err := record.ReadLines[map[string]record.Number](filepath.Join(dir, "metrics.jsonl"))
	if err != nil || len(lines) != 2 {
		t.Fatalf("metrics.jsonl: %d lines, error = %v, want 2", len(lines), err)
	}
	for i, at := range curve {
		want := map[string]record.Number{"step": record.Number(i + 1)}
		for name, x := range at {
			want[name] = record.Number(x)
		}
		if diff := cmp.Diff(want, lines[i]); diff != "" {
			t.Errorf("metrics of step %d (-want +got):\n%s", i+1, diff)
		}
	}
}

func TestTrainRefusesBadInputs(t *testing.T) {
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t)
	cfg.Lambda = -1
	if err := new(Trainer).Train(t.Context(), Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}, nil, silent()); err == nil || !strings.Contains(err.Error(), "distill: lambda = -1") {
		t.Errorf("error = %v, want the bad field", err)
	}
	delete(b.Files, teacherScope)
	if err := new(Trainer).Train(t.Context(), Inputs{Config: tinyConfig(t), Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}, nil, silent()); err == nil || !strings.Contains(err.Error(), "holds no teacher") {
		t.Errorf("error = %v, want the missing part", err)
	}
}

// Whoever looks on sees every line and may keep the student; what is learned stays the same.
func TestWatchChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	b, cfg := tinyBundle(t, 1), tinyConfig(t, func(c *Config) { c.Steps = 4 })
	plain, err := trainOnce(t.Context(), t, cfg, b, t.TempDir(), tinyworld.New())
	if err != nil {
		t.Fatal(err)
	}
	run := openRun(t, t.TempDir(), cfg, b)
	defer run.Close()
	var steps []int
	latest := filepath.Join(t.TempDir(), StudentFile)
	in := Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: graphtest.Engine()}
	in.Watch = func(step int, mean map[string]float64, save func(string) error) error {
		steps = append(steps, step)
		if _, ok := mean["distill"]; !ok {
			t.Errorf("step %d: means of %v", step, mean)
		}
		return save(latest)
	}
	if err := new(Trainer).Train(t.Context(), in, run, silent()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	student := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	want := student(filepath.Join(plain, StudentFile))
	if student(filepath.Join(run.Dir(), StudentFile)) != want || student(latest) != want {
		t.Error("looking on has changed the student")
	}

	in.Watch = func(int, map[string]float64, func(string) error) error { return errors.New("seen enough") }
	other := openRun(t, t.TempDir(), cfg, b)
	defer other.Close()
	if err := new(Trainer).Train(t.Context(), in, other, silent()); err == nil || !strings.Contains(err.Error(), "seen enough") {
		t.Errorf("error = %v, want that of the onlooker", err)
	}
}
