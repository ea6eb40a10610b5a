package protocol

import (
	"context"
	"fmt"

	"github.com/addlab/addlab/diffusion"
)

// Denoise asks the model once what it takes for clean in pictures noised to time t: flat [n,S,S,3] in and out, with a caption each.
// The painter's own sampler plays no part.
func (p *Painter) Denoise(ctx context.Context, noised []float32, t float64, captions []string) ([]float32, error) {
	size, words := p.judge.Bundle.Config.Size, p.judge.Bundle.Words
	area := size * size * 3
	if len(noised) != len(captions)*area {
		return nil, fmt.Errorf("score: denoise: %d values for %d captions, want %d for each", len(noised), len(captions), area)
	}
	var clean []float32
	for start := 0; start < len(captions); start += p.batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		count := min(p.batch, len(captions)-start)
		x, texts := make([]float32, p.batch*area), make([]string, p.batch)
		copy(x, noised[start*area:(start+count)*area])
		copy(texts, captions[start:start+count])
		plan := []diffusion.Step{{T: t, X0: 1}}
		drawn, err := p.easel.generator.Sample(plan, words.EncodeAll(texts), func(int) []float32 { return x })
		if err != nil {
			return nil, err
		}
		clean = append(clean, drawn[:count*area]...)
	}
	return clean, nil
}
