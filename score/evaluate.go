package score

import (
	"context"
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Evaluate draws one picture per held-out caption and measures them. It returns the pictures too, [n,S,S,3].
func (j *Judge) Evaluate(ctx context.Context, way Way) (Metrics, []float32, error) {
	painter, err := j.NewPainter(way, j.Setup.Batch)
	if err != nil {
		return Metrics{}, nil, err
	}
	images, spent, err := painter.Draw(ctx, j.prompts.Captions, j.Setup.Seed)
	if err != nil {
		return Metrics{}, nil, err
	}
	m, err := j.metrics(ctx, images, j.prompts)
	if err == nil && len(j.novel.Captions) > 0 {
		var novel []float32
		if novel, _, err = painter.Draw(ctx, j.novel.Captions, j.Setup.Seed+1); err == nil {
			err = j.alignNovel(ctx, &m, novel)
		}
	}
	m.Seconds = spent.Seconds()
	m.MillisPerImage = 1000 * m.Seconds / float64(max(m.Images, 1))
	return m, images, err
}

// Real measures real pictures with the next held-out captions: the best score that a perfect model could reach.
func (j *Judge) Real(ctx context.Context, data dataset.Dataset) (Metrics, error) {
	n := j.Setup.Images
	if left := data.Heldout().Len() - n; left < n {
		n = left
	}
	if least := 2 * j.Setup.Blocks; n < least {
		return Metrics{}, fmt.Errorf("score: %s has %d held-out pictures, want %d or more: beside the reference of %d, two for each of %d blocks",
			data.Name(), data.Heldout().Len(), j.Setup.Images+least, j.Setup.Images, j.Setup.Blocks)
	}
	prompts, err := drawPrompts(data, j.Setup.Images, n)
	if err != nil {
		return Metrics{}, err
	}
	m, err := j.metrics(ctx, prompts.Images, prompts)
	if err == nil && len(j.novel.Captions) > 0 {
		err = j.alignNovel(ctx, &m, j.novel.Images)
	}
	return m, err
}

// Prompts are the first n held-out captions with their real pictures, for sample grids.
func (j *Judge) Prompts(n int) Prompts {
	n = min(n, len(j.prompts.Captions))
	area := len(j.prompts.Images) / len(j.prompts.Captions)
	return Prompts{Captions: j.prompts.Captions[:n], Images: j.prompts.Images[:n*area]}
}

// Pictures cuts flat pictures [n,S,S,3] apart, clipped to [-1,1].
func (j *Judge) Pictures(flat []float32) []dataset.Image {
	size := j.Bundle.Config.Size
	area := size * size * 3
	pictures := make([]dataset.Image, len(flat)/area)
	for i := range pictures {
		pix := make([]float32, area)
		for k, v := range flat[i*area : (i+1)*area] {
			pix[k] = min(max(v, -1), 1)
		}
		pictures[i] = dataset.Image{Size: size, Pix: pix}
	}
	return pictures
}
