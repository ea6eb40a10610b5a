package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/addlab/addlab/extractor"
	"github.com/addlab/addlab/measure"
	"github.com/addlab/addlab/metric"
)

// openExtractor opens a kind with the weights that were named, that were named before, that the kind finds by itself, or that a person
// names now.
func (e *evaluation) openExtractor(ctx context.Context, kind extractor.Kind) (extractor.Extractor, error) {
	everywhere, byKind, err := assign("weights", e.weights, knownExtractor)
	if err != nil {
		return nil, err
	}
	known, err := readPlaces()
	if err != nil {
		return nil, err
	}
	named := cmp.Or(byKind[kind.Name], everywhere)
	found := known.find(kind.Name)
	if ours(kind.Name) {
		found = e.home()
	}
	o := extractor.Options{Engine: e.backend, Weights: cmp.Or(named, found), Batch: e.batch, Progress: e.stderr}
	if slices.Contains(kind.Modes, e.mode) {
		o.Mode = e.mode
	}
	ex, err := kind.Open(ctx, o)
	if err != nil && ctx.Err() == nil && named == "" {
		answer, ok := "", false
		if !ours(kind.Name) {
			answer, ok = e.ask(fmt.Sprintf("%s: %v\nfile or folder with the weights of %s", kind.Name, err, kind.Name))
		}
		if !ok {
			return nil, fmt.Errorf("%s: %w; say --weights %s=PATH", kind.Name, err, kind.Name)
		}
		named, o.Weights = answer, answer
		ex, err = kind.Open(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind.Name, err)
	}
	if named != "" && !ours(kind.Name) {
		if err := known.remember(kind.Name, named); err != nil {
			e.warnf("the place of the weights could not be kept: %v", err)
		}
	}
	e.notef("extractor: %s", ex.Name())
	return ex, nil
}

// ours tells the small networks, whose usual folder must not change because another one was tried once.
func ours(kind string) bool {
	return kind == extractor.Scenes.Name || kind == extractor.ScenesPair.Name
}

func (e *evaluation) openCache() (*measure.Cache, error) {
	if e.noCache {
		return nil, nil
	}
	return measure.OpenCache(e.cache)
}

// saveStatistics writes mu and sigma of the reference where that was asked for.
func (e *evaluation) saveStatistics(s metric.Sample) error {
	if e.save == "" {
		return nil
	}
	if s.Stats == nil {
		stats, err := (*measure.Cache)(nil).Statistics("", s.Features)
		if err != nil {
			return err
		}
		s.Stats = &stats
	}
	if err := measure.WriteStatistics(e.save, *s.Stats); err != nil {
		return err
	}
	e.notef("wrote %s", e.save)
	return nil
}
