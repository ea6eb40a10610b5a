package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
)

const usage = `evaluate scores generated pictures against real ones.

  go run ./experiments/evaluate real/ generated/                                FID, KID, precision, recall, density, coverage
  go run ./experiments/evaluate real/ generated/ --metrics fid,is --mode tf     as torch-fidelity computes them
  go run ./experiments/evaluate real/ mine/ theirs/ --format markdown           several systems, a row each
  go run ./experiments/evaluate coco/ generated/ --metrics clip-score --json    JSON on standard output, progress on standard error
  go run ./experiments/evaluate statistics.npz generated/ --metrics fid         statistics of pytorch-fid, clean-fid or edm
  go run ./experiments/evaluate scenes results/runs/0123456789ab                a trained student against the built-in world
  go run ./experiments/evaluate scenes:heldout:5000 scenes:heldout:5000:5000    real against real: the floor
  go run ./experiments/evaluate --list                                          metrics and extractors

REAL and GENERATED are each a folder (PNG, JPEG, WebP, GIF, BMP; with all folders below it), WebDataset shards *.tar, parquet files,
hf:OWNER/NAME for a data set of the HuggingFace hub, a run that trained a student, scenes[:SPLIT[:N[:FIRST]]], features (.npy, .npz),
or statistics (.npz, .pkl). Flags may stand anywhere.
Features are kept by content: called again, nothing is extracted twice; interrupted, it resumes.

`

type options struct {
	inputs []string // the reference first

	extractor                    choice // by metric
	mode, weights                choice // by extractor
	names                        string // of metrics, as typed
	captions, cache, format, out string
	set                          dataset.Spec
	forRuns                      []string // flags that were given and are of runs alone
	engine, pretrained, save     string
	n, steps, batch              int
	seed                         int64
	confidence                   float64
	noCache, noIntervals         bool
	strict, list, asSeeds        bool

	// ask puts a question to a person; it returns false where none is there.
	ask func(question string) (answer string, ok bool)
}

var formats = []string{"text", "markdown", "csv", "latex", "json"}

const defaultMetrics = "fid,kid,pr,dc"

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.names, "metrics", defaultMetrics, "`metrics` separated by commas, or all that there are on the extractor's features; parameters as in pr,pr.k=5 (see --list)")
	f.Func("extractor", "`extractor` for all metrics, or for some as in fid=inception,cmmd=clip-l14; a built-in world is scenes with the networks of pretrained/WORLD (default: the metric's own; scenes where an input is scenes or a run)", o.extractor.reader(knownMetric))
	f.Func("mode", "preprocessing of Inception: clean (clean-fid), tf (torch-fidelity, edm) or pytorch (pytorch-fid); `mode` as in --list, that of another extractor as in dinov2-l=clean", o.mode.reader(knownExtractor))
	f.Func("weights", "`file` or folder of the extractor's weights, or for several as in inception=FILE,dinov2-l=FOLDER; remembered", o.weights.reader(knownExtractor))
	f.StringVar(&o.captions, "captions", "", "`file` that captions the generated pictures: .jsonl, .json, or .txt with a caption a line (default: metadata.jsonl or .txt beside them)")
	f.StringVar(&o.cache, "cache", "", "`folder` for features (default: addlab/features in the user's cache)")
	f.BoolVar(&o.noCache, "no-cache", false, "keep no features")
	f.IntVar(&o.n, "n", 0, "`pictures` of each set, chosen by the seed, of a run or of scenes without a number the first; fewer are an error (default: all)")
	f.Int64Var(&o.seed, "seed", 0, "seed of every random choice")
	f.IntVar(&o.batch, "batch", 0, "`pictures` per call of a network (default: the extractor's own)")
	f.Float64Var(&o.confidence, "confidence", 0.95, "of the intervals")
	f.BoolVar(&o.noIntervals, "no-intervals", false, "leave out intervals that cost further computations")
	f.BoolVar(&o.asSeeds, "seeds", false, "the generated sets are seeds of one system: show their mean and its interval too")
	f.BoolVar(&o.strict, "strict", false, "no picture may be broken (default: 2 % may)")
	f.StringVar(&o.format, "format", "text", "`form` of the result: "+strings.Join(formats, ", "))
	f.BoolFunc("json", "the same as --format json", func(string) error { o.format = "json"; return nil })
	f.StringVar(&o.out, "out", "", "`file` for the result (default: standard output)")
	f.StringVar(&o.save, "save", "", "`file` .npz for the reference's mu and sigma, as pytorch-fid and clean-fid read them")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.IntVar(&o.steps, "steps", 1, "student `steps` where an input is a run")
	o.set.Flags(f, " that a run was trained on")
	f.StringVar(&o.pretrained, "pretrained", "", "`folder` with the networks that a run's student started from (default: found by their hashes)")
	f.BoolVar(&o.list, "list", false, "list metrics and extractors and stop")

	var err error
	if o.inputs, err = program.Inputs(f, args); err != nil {
		return err
	}
	f.Visit(func(given *flag.Flag) {
		if slices.Contains([]string{"steps", "pretrained", "data"}, given.Name) {
			o.forRuns = append(o.forRuns, fmt.Sprintf("%s = %s", given.Name, given.Value))
		}
	})
	if err := o.judges(); err != nil {
		return err
	}
	return o.check()
}

// judges puts scenes, with the networks of a world, for the name of this world.
func (o *options) judges() error {
	for metric, world := range o.extractor {
		if world == extractor.Scenes.Name || !slices.Contains(dataset.Names(), world) {
			continue
		}
		dir := pretrain.DefaultDir(world, "cpu")
		if other := o.weights.of(extractor.Scenes.Name); other != "" && other != dir {
			return fmt.Errorf("extractor = %s has its weights in %s, not in %s: want one of the two", world, dir, other)
		}
		if o.weights == nil {
			o.weights = choice{}
		}
		o.extractor[metric], o.weights[extractor.Scenes.Name] = extractor.Scenes.Name, dir
	}
	return nil
}

func (o options) check() error {
	switch {
	case o.list:
		return nil
	case len(o.inputs) == 0:
		return errors.New("inputs are missing, want REAL GENERATED (see --help)")
	case !slices.Contains(formats, o.format):
		return fmt.Errorf("format = %q, want one of %s", o.format, strings.Join(formats, ", "))
	case o.n < 0 || o.n == 1:
		return fmt.Errorf("n = %d, want ≥ 2", o.n)
	case o.batch < 0 || o.steps < 1:
		return fmt.Errorf("batch = %d, steps = %d, want ≥ 1", o.batch, o.steps)
	case !(o.confidence > 0 && o.confidence < 1):
		return fmt.Errorf("confidence = %g, want between 0 and 1, such as 0.95", o.confidence)
	case o.asSeeds && len(o.inputs) < 3:
		return errors.New("seeds: generated sets = 1, want REAL GENERATED GENERATED…, a set for each seed")
	case o.noCache && o.cache != "":
		return fmt.Errorf("cache = %q with --no-cache, want one of them", o.cache)
	}
	return engine.Check(o.engine)
}

// all is all metrics but those whose names do not speak of the extractor's features.
func (o options) all() bool { return strings.EqualFold(o.names, "all") }

// wanted is a metric with the parameters that were typed.
type wanted struct {
	metric.Metric
	params map[string]int
}

// metrics reads --metrics: names, and parameters such as pr.k=5.
func (o options) metrics() (list []wanted, err error) {
	if o.all() {
		for _, m := range metric.All() {
			if m.Instead == "" { // others are the same formulas
				list = append(list, wanted{m, nil})
			}
		}
		return list, nil
	}
	for entry := range strings.SplitSeq(o.names, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		left, value, isParam := strings.Cut(entry, "=")
		name, param := left, ""
		if isParam {
			name, param, _ = strings.Cut(left, ".")
		}
		i := slices.IndexFunc(list, func(w wanted) bool { return w.Name == name })
		if i < 0 {
			m, err := metric.ByName(name)
			if err != nil {
				return nil, err
			}
			i, list = len(list), append(list, wanted{m, map[string]int{}})
		}
		if !isParam {
			continue
		}
		v, err := strconv.Atoi(value)
		if err != nil || param == "" {
			return nil, fmt.Errorf("metrics: %q, want METRIC.PARAMETER=NUMBER such as pr.k=5", entry)
		}
		list[i].params[param] = v
		if err := list[i].CheckParams(list[i].params); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// choice is the value of a flag by name, as in "a=x,b=y"; "" is the name of a value for all.
type choice map[string]string

func (c choice) of(name string) string { return cmp.Or(c[name], c[""]) }

// reader adds the flag's text to c, for a flag may be repeated; known refuses names.
func (c *choice) reader(known func(name string) error) func(text string) error {
	return func(text string) error {
		if *c == nil {
			*c = choice{}
		}
		for entry := range strings.SplitSeq(text, ",") {
			name, value, named := strings.Cut(entry, "=")
			if !named {
				name, value = "", entry
			} else if err := known(name); err != nil {
				return err
			}
			if before, again := (*c)[name]; again && named {
				return fmt.Errorf("%q and %q for %s, want one", before, value, name)
			} else if again {
				return fmt.Errorf("%q and %q, want one without a name", before, entry)
			}
			(*c)[name] = value
		}
		return nil
	}
}

func knownMetric(name string) error    { _, err := metric.ByName(name); return err }
func knownExtractor(name string) error { _, err := extractor.ByName(name); return err }
