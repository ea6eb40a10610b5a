package sweep

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// A student whose weights have become no numbers draws no pictures that anything can judge: that is its result, with what it drew, and
// no fault that would stop a sweep.
func TestPicturesThatAreNoNumbersAreAResult(t *testing.T) {
	bundle := tinybundle.Load(t, "text", "teacher", "pair", "classifier")
	w := &EngineWorker{
		Inputs: Inputs{Bundle: bundle, Data: tinyworld.New(), Setup: protocol.Setup{Images: 10, Seed: 3, Batch: 5, Blocks: 2}},
		Engine: func(context.Context) (*engine.Engine, error) { return &engine.Engine{Backend: graphtest.Engine()}, nil },
		Out:    io.Discard,
	}
	defer w.Close()
	e := Evaluation{Subject: Student, Sampling: &Sampling{Sampler: diffusion.FewStep{}.Name(), Steps: 1, Times: []int{1000}}}
	student := tinybundle.WritePart(t, "teacher", 2)
	if _, p, err := w.Evaluate(t.Context(), e, student); err != nil || len(p.Images) == 0 {
		t.Fatalf("a sound student: %d pictures, %v", len(p.Images), err)
	}

	spoil(t, student)
	_, p, err := w.Evaluate(t.Context(), e, student)
	if !errors.Is(err, distill.ErrDiverged) || len(p.Images) == 0 {
		t.Errorf("%d pictures, err = %v, want pictures and %v", len(p.Images), err, distill.ErrDiverged)
	}
}

// A watched training has a line of scores for every glance, of captions after those of tables, and learns the same as an unwatched one.
func TestWatchedTraining(t *testing.T) {
	bundle := tinybundle.Load(t, "text", "teacher", "pair", "classifier", "features")
	cfg, err := distill.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Batch, cfg.Pure, cfg.Discriminator.MapDim, cfg.Discriminator.NormGroup = 4, 3, 8, 4
	few := Inputs{Data: tinyworld.Album(40), Setup: protocol.Setup{Images: 20, Blocks: 2}}
	if err := few.CanWatch(); err == nil || !strings.Contains(err.Error(), "ask for fewer images") {
		t.Errorf("error = %v, want one for data whose tables need all that they hold out", err)
	}
	var students []string
	var said strings.Builder
	for _, c := range []struct {
		every       int
		interrupted bool // in the first glance
	}{{0, false}, {2, false}, {2, true}} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		opened := 0
		w := &EngineWorker{
			Inputs: Inputs{Bundle: bundle, Data: tinyworld.New(), Setup: protocol.Setup{Images: 12, Seed: 3, Batch: 5, Blocks: 2}},
			Engine: func(context.Context) (*engine.Engine, error) {
				if opened++; c.interrupted && opened == 2 {
					stop()
				}
				return &engine.Engine{Backend: graphtest.Engine()}, nil
			},
			Out:        &said,
			WatchEvery: c.every,
		}
		defer w.Close()
		root := t.TempDir()
		run, err := record.Open(t.Context(), root, cfg, record.Environment{})
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		if err = w.Train(ctx, cfg, run); c.interrupted {
			if saved, _, _ := run.LatestCheckpoint(); saved != 2 || !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: checkpoint of step %d, error %v, want step 2 and %v", saved, err, context.Canceled)
			}
			run.Close()
			if run, err = record.Open(t.Context(), root, cfg, record.Environment{}); err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			err = w.Train(t.Context(), cfg, run)
		}
		if err != nil {
			t.Fatal(err)
		}
		student, err := weights.SHA256(filepath.Join(run.Dir(), distill.StudentFile))
		if err != nil {
			t.Fatal(err)
		}
		students = append(students, student)
		glances, err := record.ReadLines[map[string]float64](filepath.Join(run.Dir(), WatchFile))
		if c.every == 0 {
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("unwatched: %d glances (%v), want no file", len(glances), err)
			}
			continue
		}
		if err != nil || len(glances) != 2 || !(glances[1]["fid"] > 0) || !(glances[1]["drawing_fid"] > 0) || !strings.Contains(said.String(), "step 4, 12 pictures: clip ") {
			t.Errorf("glances %v (%v), said\n%s\nwant two with scores, of steps 2 and 4", glances, err, &said)
		}
		if setup := glanceSetup(w.Inputs.Setup); setup.First != 24 || w.evaluators[setup] == nil {
			t.Errorf("glances begin at caption %d, want 24: tables use 0 to 23", setup.First)
		}
	}
	if students[0] != students[1] || students[0] != students[2] {
		t.Error("a watched or interrupted training gives another student")
	}
}

// spoil makes all weights of a safetensors file NaN.
func spoil(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 8 + binary.LittleEndian.Uint64(b); at < uint64(len(b)); at += 4 {
		binary.LittleEndian.PutUint32(b[at:], math.Float32bits(float32(math.NaN())))
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}
