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

	extractors Extractors
	data       dataset.Dataset
	bundle     *pretrain.Bundle // whose extractors they are; nil where the caller owns them
	sets       []captionSet     // the held-out captions first
	most       int              // values of pictures in memory at once
}

// Extractors are the networks that score.
type Extractors struct {
	Features extractor.Extractor // of FID, precision and recall
	Pair     extractor.Captioner // of the CLIP score; nil for none

	drawing    extractor.Extractor // of the FID over captions that state everything; nil for none
	classifies bool                // Features come with the classes of attributes
}

// Close frees the networks.
func (x Extractors) Close() {
	for i, one := range []extractor.Extractor{x.Features, x.Pair, x.drawing} {
		if one != nil && (i == 0 || one != x.Features) {
			one.Close()
		}
	}
}

// bundled are the extractors of a bundle: the classifier and its stages, and the pair, which stands in where there is no classifier.
func bundled(backend compute.Backend, b *pretrain.Bundle, batch int) (x Extractors, err error) {
	x.classifies = b.Has("classifier")
	if x.Pair, err = extractor.Pair(backend, b, batch); err != nil {
		return x, err
	}
	x.Features = x.Pair
	if x.classifies {
		if x.Features, err = extractor.Classifier(backend, b, batch); err != nil {
			return x, err
		}
		x.drawing, err = extractor.Stage(backend, b, batch)
	}
	return x, err
}

// NewEvaluator loads the networks of a bundle and embeds the references: Setup.Images real pictures of every caption set that is compared
// with some.
func NewEvaluator(ctx context.Context, backend compute.Backend, b *pretrain.Bundle, data dataset.Dataset, setup Setup) (*Evaluator, error) {
	if err := setup.Validate(); err != nil {
		return nil, err
	}
	extractors, err := bundled(backend, b, setup.Batch)
	if err != nil {
		extractors.Close()
		return nil, err
	}
	e, err := NewEvaluatorBy(ctx, pipeline.New(backend, b), extractors, data, setup)
	if err != nil {
		extractors.Close()
		return nil, err
	}
	e.bundle = b
	return e, nil
}

// NewEvaluatorBy is an Evaluator of any pipeline, which is closed with it, by any extractors, which stay the caller's.
func NewEvaluatorBy(ctx context.Context, p *pipeline.Pipeline, extractors Extractors, data dataset.Dataset, setup Setup) (_ *Evaluator, err error) {
	if err := setup.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluator{Pipeline: p, Setup: setup, data: data, extractors: extractors, most: 1 << 26}
	if e.sets, err = e.captionSets(); err != nil {
		return nil, err
	}
	for i := range e.sets {
		set := &e.sets[i]
		if set.compared {
			set.reference, err = e.embedReal(ctx, *set, set.own)
			set.Prompts = set.reference.Prompts
		} else {
			set.Prompts, err = e.read(set.own, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Close frees the compiled graphs.
func (e *Evaluator) Close() {
	if e.bundle != nil {
		e.extractors.Close()
	}
	e.Pipeline.Close()
}

// Sample is the pictures of a model as the evaluation networks see them. Its metrics need no engine.
type Sample struct {
	Images []float32 // [n,S,S,3], of the first held-out captions, 64 at most

	evaluator *Evaluator
	sets      []scoredSet
	spent     time.Duration // to draw the held-out captions
}

// Draw draws one picture per caption and embeds them. Pictures that are ErrNotNumbers come with that error.
func (e *Evaluator) Draw(ctx context.Context, sampling pipeline.Sampling) (*Sample, error) {
	generator, err := e.Generator(sampling, e.Setup.Batch)
	if err != nil {
		return nil, err
	}
	if e.bundle == nil { // large networks would stay beside the next training
		defer e.Pipeline.Close()
	}
	s := &Sample{evaluator: e}
	for i, set := range e.sets {
		if err := s.draw(ctx, generator, set, i == 0); err != nil {
			return s, err
		}
	}
	return s, nil
}

// draw draws a set's captions and embeds the pictures, part by part.
func (s *Sample) draw(ctx context.Context, g *pipeline.Generator, set captionSet, heldout bool) error {
	e, out, waiting, done := s.evaluator, scoredSet{Prompts: set.Prompts}, []float32(nil), 0
	area := e.Model.Size() * e.Model.Size() * 3
	embed := func() error {
		n := len(waiting) / area
		seen, err := e.embedBy(ctx, set.features, done, waiting, set.Captions[done:done+n])
		out.add(seen)
		waiting, done = waiting[:0], done+n
		return err
	}
	spent, err := g.Each(ctx, set.Captions, e.Setup.Seed+set.seed, func(drawn []float32) error {
		if heldout {
			s.Images = e.keep(s.Images, drawn)
		}
		if waiting = append(waiting, drawn...); len(waiting) < e.part()*area {
			return nil
		}
		return embed()
	})
	if err == nil && len(waiting) > 0 {
		err = embed()
	}
	if heldout {
		s.spent = spent
	}
	s.sets = append(s.sets, out)
	return err
}

// Real embeds real pictures other than the references: the best score that a perfect model could reach.
func (e *Evaluator) Real(ctx context.Context) (*Sample, error) {
	s := &Sample{evaluator: e}
	for i, set := range e.sets {
		others, err := set.others()
		if err != nil {
			return nil, err
		}
		seen, err := e.embedReal(ctx, set, others)
		if err != nil {
			return s, err
		}
		if i == 0 {
			s.Images = seen.Images
		}
		s.sets = append(s.sets, seen)
	}
	return s, nil
}

// Evaluate draws one picture per held-out caption and measures them. It returns the first pictures too, [n,S,S,3], 64 at most.
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
