package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/train"
)

// evaluation is one call of the program.
type evaluation struct {
	options
	stderr   io.Writer
	sets     []input
	engine   *engine.Engine  // nil until something is computed on it
	drawing  context.Context // of the drawing of runs, set before any picture is read
	used     []usedExtractor
	values   map[string][]judged  // of metric, by generated set
	seen     map[string]resultSet // what became of the pictures of a set; with several extractors that of the first
	warnings []string
	failed   []error // metrics without a number, and what ended the evaluation early
}

// usedExtractor is what the result says of an extractor.
type usedExtractor struct {
	Kind    string   `json:"kind"` // "given" where no picture was looked at
	Name    string   `json:"name,omitempty"`
	Key     string   `json:"key,omitempty"`
	Metrics []string `json:"metrics"`
}

// judged is what a metric says of a set.
type judged struct {
	values []metric.Value
	items  []int // places in the set of the pictures that were seen, in order
}

// group is an extractor with the metrics that want its features.
type group struct {
	kind                extractor.Kind
	metrics             []wanted
	reference, captions bool // one of them needs these
}

func (g *group) add(w wanted) {
	g.metrics = append(g.metrics, w)
	g.reference = g.reference || w.Needs.Reference
	g.captions = g.captions || w.Needs.Captions
}

func (e *evaluation) group(asked []wanted) ([]group, error) {
	world := slices.ContainsFunc(e.sets, input.world)
	var groups []group
	for _, w := range asked {
		if w.Needs.Reference && e.reference() == nil {
			return nil, fmt.Errorf("%s compares with real pictures, want REAL GENERATED", w.Name)
		}
		name := e.extractor.of(w.Name)
		switch {
		case name == "" && world && (e.all() || w.Fits(extractor.Scenes.Name) == nil):
			name = extractor.Scenes.Name
		case name == "":
			name = w.Extractor
		}
		if name == extractor.Scenes.Name && w.Needs.Captions {
			name = extractor.ScenesPair.Name
		}
		kind, err := extractor.ByName(name)
		if err != nil {
			return nil, err
		}
		if w.Needs.Captions && !kind.Captions {
			return nil, fmt.Errorf("%s needs captions, which %s does not read, want one of %s", w.Name, name, strings.Join(kinds(func(k extractor.Kind) bool { return k.Captions }), ", "))
		}
		if w.Needs.Logits && !kind.Logits && slices.ContainsFunc(e.generated(), input.looked) {
			if e.all() && e.extractor[w.Name] == "" {
				continue
			}
			return nil, fmt.Errorf("%s needs class logits, which %s has not, want one of %s", w.Name, name, strings.Join(kinds(func(k extractor.Kind) bool { return k.Logits }), ", "))
		}
		if err := w.Fits(name); err != nil {
			if e.all() && e.extractor[w.Name] == "" {
				continue
			}
			return nil, err
		}
		w.Metric = w.With(name)
		i := slices.IndexFunc(groups, func(g group) bool { return g.kind.Name == name })
		if i >= 0 {
			if first := slices.IndexFunc(groups[i].metrics, func(other wanted) bool { return other.Name == w.Name }); first >= 0 { // by both of its names
				if len(w.params) > 0 && !maps.Equal(w.params, groups[i].metrics[first].params) {
					return nil, fmt.Errorf("metrics: %s and %s are one metric on the features of %s, want its parameters with the name that comes first", w.Instead, w.Name, name)
				}
				continue
			}
		}
		if i < 0 {
			groups = append(groups, group{kind: kind})
			i = len(groups) - 1
		}
		groups[i].add(w)
	}
	return groups, cmp.Or(e.checkModes(groups), e.checkExtractors(asked), e.checkWeights(groups))
}

func kinds(has func(extractor.Kind) bool) (names []string) {
	for _, k := range extractor.Kinds() {
		if has(k) {
			names = append(names, k.Name)
		}
	}
	return names
}

func (e *evaluation) measure(ctx context.Context, g group) error {
	e.drawing = ctx
	var ex extractor.Extractor
	var err error
	used := usedExtractor{Kind: "given"}
	if slices.ContainsFunc(e.sets, input.looked) {
		if ex, err = e.openExtractor(ctx, g.kind, g.captions); err != nil {
			return err
		}
		defer ex.Close()
		used.Kind, used.Name, used.Key = g.kind.Name, ex.Name(), ex.Key()
	}
	var cache *features.Cache
	if !e.noCache {
		if cache, err = features.OpenCache(e.cache); err != nil {
			return err
		}
	}
	for _, w := range g.metrics {
		used.Metrics = append(used.Metrics, w.Name)
	}
	e.used = append(e.used, used)

	var reference metric.Sample
	var real features.Collected
	if in := e.reference(); in != nil && g.reference {
		if reference, real, err = e.sample(ctx, *in, g, ex, cache); err != nil {
			return err
		}
		if err := e.saveStatistics(reference); err != nil {
			return err
		}
		e.warnFew(*in, reference.N(), g.metrics)
	}
	for _, in := range e.generated() {
		sample, collected, err := e.sample(ctx, in, g, ex, cache)
		if err != nil {
			return err
		}
		e.warn(features.Unlike(real, collected)...)
		for _, w := range g.metrics {
			e.notef("computing %s of %s", w.Name, in.spec)
			values, err := w.Compute(ctx, reference, sample, metric.Options{
				Seed: e.seed, Confidence: e.confidence, Params: w.params, NoInterval: e.noIntervals,
			})
			if err != nil && ctx.Err() == nil {
				e.failed = append(e.failed, e.blame(w, in, err))
				continue
			}
			if err != nil {
				return err
			}
			e.values[w.Name] = append(e.values[w.Name], judged{values, collected.Items})
			e.warn(values[0].Warnings[len(w.FewPictures(reference, sample)):]...)
		}
		e.warnFew(in, sample.N(), g.metrics)
	}
	return nil
}

// warnFew warns once of a set for all metrics that want more pictures.
func (e *evaluation) warnFew(in input, n int, asked []wanted) {
	var names []string
	for _, w := range asked {
		if 0 < n && n < w.Few && (w.Needs.Reference || in.side == "generated") {
			names = append(names, w.Name)
		}
	}
	if len(names) > 0 {
		e.warnf("%s: only %d pictures, few for %s: biased or of wide spread, compare equal numbers only", in, n, strings.Join(names, ", "))
	}
}

func (e *evaluation) sample(ctx context.Context, in input, g group, ex extractor.Extractor, cache *features.Cache) (metric.Sample, features.Collected, error) {
	if in.precomputed != nil {
		s, err := in.precomputed.Of(g.kind.Name)
		return s, features.Collected{}, err
	}
	progress := train.NewProgress(e.stderr)
	progress.Unit = "picture"
	progress.Batch = 1
	progress.Begin(in.spec, 0, cmp.Or(e.n, len(in.set.Items)))
	c, err := features.Collect(ctx, in.set, ex, features.Options{
		Cache: cache, N: e.n, Seed: e.seed, Strict: e.strict, Progress: func(done int) { progress.Step(done, nil, nil) },
	})
	progress.End()
	e.name(c)
	if err != nil {
		return metric.Sample{}, c, fmt.Errorf("%s: %w", in.side, err)
	}
	s := metric.Sample{Features: c.Features, Logits: c.Logits}
	if g.captions && in.side == "generated" {
		if err := e.captioned(in, c.Captions); err != nil {
			return s, c, err
		}
		if s.Captions, err = features.Captions(ctx, c.Captions, ex.(extractor.Captioner), cache); err != nil {
			return s, c, err
		}
	}
	return s, c, nil
}

// name keeps what became of a set's pictures and says what was wrong with them, once.
func (e *evaluation) name(c features.Collected) {
	if _, ok := e.seen[c.Name]; ok {
		return
	}
	set := resultSet{Pictures: c.Features.N, Extracted: c.Extracted, Cached: c.Cached}
	const shown = 5
	for i, f := range c.Faults {
		set.Faults = append(set.Faults, f.Error())
		if i < shown {
			e.warnf("%s: left out: %s", c.Name, f.Error())
		}
	}
	e.seen[c.Name] = set
	if more := len(c.Faults) - shown; more > 0 {
		e.warnf("%s: left out: %d more", c.Name, more)
	}
	e.warn(c.Notes...)
	e.warn(c.Facts.Warnings(c.Name)...)
}

func (e *evaluation) warn(warnings ...string) {
	for _, w := range warnings {
		if !slices.Contains(e.warnings, w) {
			e.warnings = append(e.warnings, w)
			fmt.Fprintf(e.stderr, "evaluate: warning: %s\n", w)
		}
	}
}

func (e *evaluation) warnf(format string, args ...any) { e.warn(fmt.Sprintf(format, args...)) }

func (e *evaluation) notef(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }

func (e *evaluation) backend(ctx context.Context) (compute.Backend, error) {
	if e.engine == nil {
		opened, err := engine.Open(ctx, e.options.engine, e.stderr)
		if err != nil {
			return nil, err
		}
		e.engine = opened
		e.notef("engine: %s", opened)
	}
	return e.engine.Backend, nil
}

func (e *evaluation) close() { e.engine.Close() }
