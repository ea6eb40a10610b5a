package protocol

import (
	"context"
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
	drawing    extractor.Extractor // of the FID over captions that state everything; nil where the bundle has no classifier
	pair       extractor.Captioner // of the CLIP score
	classifies bool                // features come with the classes of attributes
	sets       []captionSet        // the held-out captions first
}

// NewEvaluator loads the networks and embeds the references: Setup.Images real pictures of every caption set that is compared with some.
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
		if e.drawing, err = extractor.Stage(backend, b, setup.Batch); err != nil {
			return nil, err
		}
	}
	if e.sets, err = e.captionSets(); err != nil {
		return nil, err
	}
	for i := range e.sets {
		if set := &e.sets[i]; set.compared {
			if set.reference, err = e.embed(ctx, *set, set.Images, set.Prompts); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// Close frees the compiled graphs.
func (e *Evaluator) Close() {
	e.pair.Close()
	if e.features != extractor.Extractor(e.pair) {
		e.features.Close()
	}
	if e.drawing != nil {
		e.drawing.Close()
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
		if err := s.add(ctx, set, images, set.Prompts); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Real embeds real pictures other than the references: the best score that a perfect model could reach.
func (e *Evaluator) Real(ctx context.Context) (*Sample, error) {
	s := &Sample{evaluator: e}
	for i, set := range e.sets {
		others, err := set.others()
		if err != nil {
			return nil, err
		}
		if i == 0 {
			s.Images = others.Images
		}
		if err := s.add(ctx, set, others.Images, others); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *Sample) add(ctx context.Context, set captionSet, images []float32, prompts Prompts) error {
	seen, err := s.evaluator.embed(ctx, set, images, prompts)
	s.sets = append(s.sets, seen)
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
