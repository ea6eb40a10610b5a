package pipeline

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

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

// The pictures that fill up the last batch cost time, which is not that of the pictures asked for.
func TestTheTimeOfAPictureIsThatOfItsPlace(t *testing.T) {
	const batch = 4
	g, err := tiny(t).Generator(Sampling{Sampler: diffusion.DDIM{}, Steps: 20}, batch)
	if err != nil {
		t.Fatal(err)
	}
	var ends []time.Time
	spent, err := g.Each(t.Context(), testCaptions[:batch+1], 5, func([]float32) error {
		ends = append(ends, time.Now())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	second := ends[1].Sub(ends[0])
	if most := second * (batch + 1) / batch; spent <= 0 || spent > most {
		t.Errorf("%d pictures take %v, want ≤ %v, as the second batch took %v", batch+1, spent, most, second)
	}
}

// interrupted is done from the second time that it is asked.
type interrupted struct {
	context.Context
	asked int
}

func (c *interrupted) Err() error {
	if c.asked++; c.asked > 1 {
		return context.Canceled
	}
	return nil
}

func TestDrawStopsWithinABatch(t *testing.T) {
	g, err := tiny(t).Generator(Sampling{Sampler: diffusion.DDIM{}, Steps: 3}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Draw(&interrupted{Context: t.Context()}, testCaptions[:2], 5); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}
