package protocol

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
)

// The evaluation networks see each picture alone: batches, full or not, change nothing.
func TestEmbedIsIndependentOfBatches(t *testing.T) {
	b := tinybundle.Load(t, "pair", "classifier")
	var want Embeddings
	for _, batch := range []int{1, 3, 7, 10, 16} {
		setup := tinySetup()
		setup.Batch = batch
		e := newTest(t, b, tinyworld.New(), setup)
		got, err := e.Embed(t.Context(), e.sets[0].reference.Images, e.sets[0].reference.Captions)
		if err != nil {
			t.Fatal(err)
		}
		if got.Features.N != 10 || got.Image.N != 10 || got.Text.N != 10 || len(got.Classes) != 10*len(dataset.AttributeNames) {
			t.Fatalf("batch %d: %d features, %d and %d embeddings, %d attributes of 10 pictures", batch, got.Features.N, got.Image.N, got.Text.N, len(got.Classes))
		}
		if batch == 1 {
			want = got
			continue
		}
		near(t, "features", want.Features.Data, got.Features.Data, 1e-5)
		near(t, "embeddings of pictures", want.Image.Data, got.Image.Data, 1e-5)
		near(t, "embeddings of captions", want.Text.Data, got.Text.Data, 1e-5)
		if diff := cmp.Diff(want.Classes, got.Classes); diff != "" {
			t.Errorf("batch %d: attributes (-alone +got):\n%s", batch, diff)
		}
	}
}

// Captions are read with the evaluation pair's own tokenizer; pictures and captions have their own embeddings.
func TestEmbedTellsTextFromPictures(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	look := func(images []float32, captions []string) Embeddings {
		t.Helper()
		got, err := e.Embed(t.Context(), images, captions)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := look(e.sets[0].reference.Images, e.sets[0].reference.Captions)
	other := look(rng.Normal(rng.New(1, "noise", 0), len(e.sets[0].reference.Images)), e.sets[0].reference.Captions)
	near(t, "text beside other pictures", want.Text.Data, other.Text.Data, 0)
	if slices.Equal(want.Image.Data, other.Image.Data) || slices.Equal(want.Features.Data, other.Features.Data) {
		t.Error("other pictures look the same")
	}
	captions := slices.Clone(e.sets[0].reference.Captions)
	slices.Reverse(captions)
	other = look(e.sets[0].reference.Images, captions)
	near(t, "pictures beside other captions", want.Image.Data, other.Image.Data, 0)
	near(t, "features beside other captions", want.Features.Data, other.Features.Data, 0)

	e.bundle.Words = backwards(e.bundle.Words)
	near(t, "text when the teacher has other words", want.Text.Data, look(e.sets[0].reference.Images, e.sets[0].reference.Captions).Text.Data, 0)
	e.bundle.PairWords = backwards(e.bundle.PairWords)
	if slices.Equal(want.Text.Data, look(e.sets[0].reference.Images, e.sets[0].reference.Captions).Text.Data) {
		t.Error("other words of the evaluation pair change nothing")
	}
}

// Pictures are scored as they are shown: values beyond [-1,1] are cut off.
func TestEmbedClips(t *testing.T) {
	e := newTest(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	wild := rng.Normal(rng.New(1, "wild", 0), len(e.sets[0].reference.Images))
	tame := slices.Clone(wild)
	for i, v := range wild {
		wild[i], tame[i] = 3*v, min(max(3*v, -1), 1)
	}
	one, err := e.Embed(t.Context(), wild, e.sets[0].reference.Captions)
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.Embed(t.Context(), tame, e.sets[0].reference.Captions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "features", other.Features.Data, one.Features.Data, 0)
}

// Without a pair there is no CLIP score; everything else is as it was.
func TestExtractorsWithoutAPair(t *testing.T) {
	b := tinybundle.Load(t, "pair", "classifier")
	e := newTest(t, b, tinyworld.New(), tinySetup())
	want, err := e.EvaluateReal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	extractors, err := bundled(graphtest.Engine(), b, tinySetup().Batch)
	if err != nil {
		t.Fatal(err)
	}
	extractors.Pair.Close()
	extractors.Pair = nil
	alone, err := NewEvaluatorBy(t.Context(), pipeline.New(graphtest.Engine(), b), extractors, tinyworld.New(), tinySetup())
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	got, err := alone.EvaluateReal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.CLIP != 0 || want.CLIP == 0 {
		t.Errorf("CLIP score = %g, with a pair %g, want none", got.CLIP, want.CLIP)
	}
	if got.FID != want.FID || got.Recall != want.Recall || *got.Align != *want.Align {
		t.Errorf("FID = %g, recall = %g, alignment = %g, want %g, %g and %g", got.FID, got.Recall, *got.Align, want.FID, want.Recall, *want.Align)
	}
}
