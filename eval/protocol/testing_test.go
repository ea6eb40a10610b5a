package protocol

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/pretrain"
)

const tinyArea = tinyworld.Size * tinyworld.Size * 3

func tinySetup() Setup { return Setup{Images: 10, Seed: 3, Batch: 4, Blocks: 2, Guidance: 2} }

func newTest(t testing.TB, b *pretrain.Bundle, data dataset.Dataset, setup Setup) *Evaluator {
	t.Helper()
	e, err := NewEvaluator(t.Context(), graphtest.Engine(), b, data, setup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// backwards is a tokenizer with the same words under other ids.
func backwards(words *tokenizer.Words) *tokenizer.Words {
	v := slices.Clone(words.Vocabulary)
	slices.Reverse(v)
	return &tokenizer.Words{Vocabulary: v, Context: words.Context}
}

// near wants two lists to agree to a tolerance.
func near(t testing.TB, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if len(want) != len(got) || len(want) == 0 {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var worst float64
	for i := range want {
		worst = math.Max(worst, math.Abs(float64(want[i]-got[i])))
	}
	if !(worst <= tolerance) {
		t.Errorf("%s: differs by %g, want at most %g", what, worst, tolerance)
	}
}

// wantError wants an error that holds all the texts.
func wantError(t testing.TB, what string, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: error = %v, want %q in it", what, err, text)
			return
		}
	}
}

// metrics are those of pictures for the held-out captions.
func metrics(t *testing.T, e *Evaluator, images []float32) (Metrics, error) {
	t.Helper()
	s := &Sample{evaluator: e, Images: images}
	if err := addTo(s, t, e.sets[0], images); err != nil {
		return Metrics{}, err
	}
	return s.Metrics()
}

// addTo embeds pictures of a set's captions.
func addTo(s *Sample, t *testing.T, set captionSet, images []float32) error {
	t.Helper()
	seen, err := s.evaluator.embedBy(t.Context(), set.features, 0, images, set.Captions)
	s.sets = append(s.sets, scoredSet{set.Prompts, seen})
	return err
}
