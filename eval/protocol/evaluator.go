package protocol

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/pretrain"
)

// Evaluator compares models with held-out pictures. It draws too.
type Evaluator struct {
	*pipeline.Pipeline
	Setup Setup

	data       dataset.Dataset
	features   extractor.Extractor // of FID, precision and recall; the pair where the bundle has no classifier
	pair       extractor.Captioner // of the CLIP score
	classifies bool                // features come with the classes of attributes
	sets       []captionSet        // the held-out captions first
	reference  scoredSet           // their real pictures
}

// NewEvaluator loads the networks and embeds the reference: the first Setup.Images held-out pictures.
func NewEvaluator(ctx context.Context, backend compute.Backend, b *pretrain.Bundle, data dataset.Dataset, setup Setup) (_ *Evaluator, err error) {
	if err := setup.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluator{Pipeline: pipeline.New(backend, b), Setup: setup, data: data, classifies: b.Has("classifier")}
	if e.pair, err = extractor.Pair(backend, b, setup.Batch); err != nil {
		return nil, err
	}
	e.features = e.pair
	if e.classifies {
		if e.features, err = extractor.Classifier(backend, b, setup.Batch); err != nil {
			return nil, err
		}
	}
	if e.sets, err = captionSets(data, e.classifies, setup); err != nil {
		return nil, err
	}
	e.reference, err = e.embed(ctx, e.sets[0].Images, e.sets[0].Prompts)
	return e, err
}

// Close frees the compiled graphs.
func (e *Evaluator) Close() {
	e.pair.Close()
	if e.features != extractor.Extractor(e.pair) {
		e.features.Close()
	}
	e.Pipeline.Close()
}

// Sample is the pictures of a model as the evaluation networks see them. Its metrics need no engine.
type Sample struct {
	Images []float32 // [n,S,S,3], of the held-out captions

	evaluator *Evaluator
	sets      []scoredSet
	spent     time.Duration // to draw Images
}

// Draw draws one picture per caption and embeds them. Pictures that are ErrNotNumbers come with that error.
func (e *Evaluator) Draw(ctx context.Context, sampling pipeline.Sampling) (*Sample, error) {
	generator, err := e.Generator(sampling, e.Setup.Batch)
	if err != nil {
		return nil, err
	}
	s := &Sample{evaluator: e}
	for i, set := range e.sets {
		images, spent, err := generator.Draw(ctx, set.Captions, e.Setup.Seed+set.seed)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			s.Images, s.spent = images, spent
		}
		if err := s.add(ctx, images, set.Prompts); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Real embeds real pictures of the next held-out captions: the best score that a perfect model could reach.
func (e *Evaluator) Real(ctx context.Context) (*Sample, error) {
	n := min(e.Setup.Images, e.data.Heldout().Len()-e.Setup.Images)
	if least := 2 * e.Setup.Blocks; n < least {
		return nil, fmt.Errorf("protocol: %s has %d held-out pictures, want %d or more: beside the reference of %d, two for each of %d blocks",
			e.data.Name(), e.data.Heldout().Len(), e.Setup.Images+least, e.Setup.Images, e.Setup.Blocks)
	}
	next, err := heldoutPrompts(e.data, e.Setup.Images, n)
	if err != nil {
		return nil, err
	}
	s := &Sample{evaluator: e, Images: next.Images}
	if err := s.add(ctx, next.Images, next); err != nil {
		return s, err
	}
	for _, set := range e.sets[1:] {
		if err := s.add(ctx, set.Images, set.Prompts); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *Sample) add(ctx context.Context, images []float32, prompts Prompts) error {
	set, err := s.evaluator.embed(ctx, images, prompts)
	s.sets = append(s.sets, set)
	return err
}

// Evaluate draws one picture per held-out caption and measures them. It returns the pictures too, [n,S,S,3].
func (e *Evaluator) Evaluate(ctx context.Context, sampling pipeline.Sampling) (Metrics, []float32, error) {
	s, err := e.Draw(ctx, sampling)
	if err != nil {
		return Metrics{}, nil, err
	}
	m, err := s.Metrics()
	return m, s.Images, err
}

// EvaluateReal measures real pictures with the next held-out captions.
func (e *Evaluator) EvaluateReal(ctx context.Context) (Metrics, error) {
	s, err := e.Real(ctx)
	if err != nil {
		return Metrics{}, err
	}
	return s.Metrics()
}
