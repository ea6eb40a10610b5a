package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/metric"
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
	modes, err := e.modes()
	if err != nil {
		return nil, err
	}
	o := extractor.Options{Engine: e.backend, Weights: cmp.Or(named, found), Mode: modes[kind.Name], Batch: e.batch, Progress: e.stderr}
	ex, err := kind.Open(ctx, o)
	if err != nil && ctx.Err() == nil && named == "" {
		answer, ok := "", false
		if !ours(kind.Name) {
			answer, ok = e.ask(fmt.Sprintf("%s: %v\nfile or folder with the weights of %s", kind.Name, err, kind.Name))
		}
		if !ok {
			return nil, fmt.Errorf("%s: %w; say --weights %s=PATH, or --extractor scenes, which needs no download", kind.Name, err, kind.Name)
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

// modes are the preprocessings that were asked for, by extractor: one without a name is Inception's, for DINOv2 has one of the same name.
func (e *evaluation) modes() (map[string]string, error) {
	bare, named, err := assign("mode", e.mode, knownExtractor)
	if _, ok := named[extractor.Inception.Name]; bare != "" && !ok {
		named[extractor.Inception.Name] = bare
	}
	return named, err
}

// checkModes wants every mode to be one that an extractor of the metrics has.
func (e *evaluation) checkModes(groups []group) error {
	modes, err := e.modes()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(modes)) {
		i := slices.IndexFunc(groups, func(g group) bool { return g.kind.Name == name })
		switch {
		case i < 0:
			return fmt.Errorf("mode = %q is one of %s, which no metric here uses, want EXTRACTOR=MODE such as dinov2-l=clean (see --list)", modes[name], name)
		case !slices.Contains(groups[i].kind.Modes, modes[name]):
			return fmt.Errorf("mode = %q of %s, want one that --list shows beside it; those of others are EXTRACTOR=MODE such as dinov2-l=clean", modes[name], name)
		}
	}
	return nil
}

// ours tells the small networks, whose usual folder must not change because another one was tried once.
func ours(kind string) bool {
	return kind == extractor.Scenes.Name || kind == extractor.ScenesPair.Name
}

func (e *evaluation) openCache() (*features.Cache, error) {
	if e.noCache {
		return nil, nil
	}
	return features.OpenCache(e.cache)
}

// saveStatistics writes mu and sigma of the reference where that was asked for.
func (e *evaluation) saveStatistics(s metric.Sample) error {
	if e.save == "" {
		return nil
	}
	if s.Stats == nil {
		stats, err := (*features.Cache)(nil).Statistics("", s.Features)
		if err != nil {
			return err
		}
		s.Stats = &stats
	}
	if err := features.WriteStatistics(e.save, *s.Stats); err != nil {
		return err
	}
	e.notef("wrote %s", e.save)
	return nil
}
