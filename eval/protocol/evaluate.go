package protocol

import (
	"context"
	"fmt"
	"time"

	"github.com/addlab/addlab/dataset"
)

// Seen is what the evaluation networks have seen of pictures: all that metrics need, so that they can be reckoned while the engine is at
// other work.
type Seen struct {
	Images []float32 // [n,S,S,3]

	judge       *Judge
	prompts     Prompts
	seen, novel looks // novel is empty where the judge has no such captions
	spent       time.Duration
}

// Look draws one picture per held-out caption and runs the evaluation networks over them. Pictures that are ErrNotNumbers come with
// that error.
func (j *Judge) Look(ctx context.Context, way Way) (*Seen, error) {
	painter, err := j.NewPainter(way, j.Setup.Batch)
	if err != nil {
		return nil, err
	}
	s := &Seen{judge: j, prompts: j.prompts}
	if s.Images, s.spent, err = painter.Draw(ctx, j.prompts.Captions, j.Setup.Seed); err != nil {
		return nil, err
	}
	var novel []float32
	if len(j.novel.Captions) > 0 {
		if novel, _, err = painter.Draw(ctx, j.novel.Captions, j.Setup.Seed+1); err != nil {
			return nil, err
		}
	}
	return s, s.look(ctx, novel)
}

// LookReal runs them over real pictures of the next held-out captions: the best score that a perfect model could reach.
func (j *Judge) LookReal(ctx context.Context, data dataset.Dataset) (*Seen, error) {
	n := j.Setup.Images
	if left := data.Heldout().Len() - n; left < n {
		n = left
	}
	if least := 2 * j.Setup.Blocks; n < least {
		return nil, fmt.Errorf("score: %s has %d held-out pictures, want %d or more: beside the reference of %d, two for each of %d blocks",
			data.Name(), data.Heldout().Len(), j.Setup.Images+least, j.Setup.Images, j.Setup.Blocks)
	}
	prompts, err := drawPrompts(data, j.Setup.Images, n)
	if err != nil {
		return nil, err
	}
	s := &Seen{judge: j, prompts: prompts, Images: prompts.Images}
	return s, s.look(ctx, j.novel.Images)
}

func (s *Seen) look(ctx context.Context, novel []float32) (err error) {
	if s.seen, err = s.judge.look(ctx, s.Images, s.prompts.Captions); err != nil || len(novel) == 0 {
		return err
	}
	s.novel, err = s.judge.look(ctx, novel, s.judge.novel.Captions)
	return err
}

// Evaluate draws one picture per held-out caption and measures them. It returns the pictures too, [n,S,S,3].
func (j *Judge) Evaluate(ctx context.Context, way Way) (Metrics, []float32, error) {
	s, err := j.Look(ctx, way)
	if err != nil {
		return Metrics{}, nil, err
	}
	m, err := s.Metrics()
	return m, s.Images, err
}

// Real measures real pictures with the next held-out captions.
func (j *Judge) Real(ctx context.Context, data dataset.Dataset) (Metrics, error) {
	s, err := j.LookReal(ctx, data)
	if err != nil {
		return Metrics{}, err
	}
	return s.Metrics()
}

// Prompts are the first n held-out captions with their real pictures, for sample grids.
func (j *Judge) Prompts(n int) Prompts {
	n = min(n, len(j.prompts.Captions))
	area := len(j.prompts.Images) / len(j.prompts.Captions)
	return Prompts{Captions: j.prompts.Captions[:n], Images: j.prompts.Images[:n*area]}
}

// Pictures cuts flat pictures [n,S,S,3] apart, clipped to [-1,1].
func (j *Judge) Pictures(flat []float32) []dataset.Image {
	return dataset.Cut(flat, j.Bundle.Config.Size)
}
