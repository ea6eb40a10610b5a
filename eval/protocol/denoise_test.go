package protocol

import (
	"slices"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
)

// One step of any sampler from pure noise to clean is what Denoise gives for the same noise, whatever the batch.
func TestDenoiseIsOneStep(t *testing.T) {
	j := tinyPainters(t)
	way := Way{Sampler: diffusion.FewStep{Times: []float64{1}}, Steps: 1}
	want := draw(t, j, way, 2, testCaptions, 5)
	var noise []float32
	for i := range testCaptions {
		noise = append(noise, rng.Normal(rng.New(5, "sample/0", i), tinyArea)...)
	}
	p, err := j.NewPainter(Way{Sampler: diffusion.DDIM{}, Steps: 3}, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Denoise(t.Context(), noise, 1, testCaptions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "clean", want, got, 1e-5)
	other, err := p.Denoise(t.Context(), noise, 0.5, testCaptions)
	if err != nil || slices.Equal(got, other) {
		t.Errorf("another time gives the same pictures, error %v", err)
	}
	_, err = p.Denoise(t.Context(), noise[1:], 1, testCaptions)
	wantError(t, "too few values", err, "score: denoise:", "captions, want")
}

func TestEmbedIsLook(t *testing.T) {
	j := newTestJudge(t, tinybundle.Load(t, "pair", "classifier"), tinyworld.New(), tinySetup())
	seen, err := j.Embed(t.Context(), j.prompts.Images, j.prompts.Captions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "features", j.reference.Data, seen.Features.Data, 0)
	if seen.Image.N != len(j.prompts.Captions) || seen.Text.N != seen.Image.N {
		t.Errorf("%d and %d embeddings of %d captions", seen.Image.N, seen.Text.N, len(j.prompts.Captions))
	}
}
