package pipeline

import (
	"slices"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
)

// One step of any sampler from pure noise to clean is what Denoise gives for the same noise, whatever the batch.
func TestDenoiseIsOneStep(t *testing.T) {
	p := tiny(t)
	sampling := Sampling{Sampler: diffusion.FewStep{Times: []float64{1}}, Steps: 1}
	want := draw(t, p, sampling, 2, testCaptions, 5)
	var noise []float32
	for i := range testCaptions {
		noise = append(noise, rng.Normal(rng.New(5, "sample/0", i), tinyArea)...)
	}
	g, err := p.Generator(Sampling{Sampler: diffusion.DDIM{}, Steps: 3}, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Denoise(t.Context(), noise, 1, testCaptions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "clean", want, got, 1e-5)
	other, err := g.Denoise(t.Context(), noise, 0.5, testCaptions)
	if err != nil || slices.Equal(got, other) {
		t.Errorf("another time gives the same pictures, error %v", err)
	}
	_, err = g.Denoise(t.Context(), noise[1:], 1, testCaptions)
	wantError(t, "too few values", err, "pipeline: denoise:", "captions, want")
}
