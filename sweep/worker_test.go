package sweep

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
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
