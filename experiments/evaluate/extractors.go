package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/record"
)

// openExtractor opens a kind with the weights that were named, that were named before, that the kind finds by itself, or that a person
// names now.
func (e *evaluation) openExtractor(ctx context.Context, kind extractor.Kind, captions bool) (extractor.Extractor, error) {
	known, err := readPlaces()
	if err != nil {
		return nil, err
	}
	named := e.weights.of(kind.Name)
	found := known.find(kind.Name)
	if kind.Bundled { // whose usual folder must not change because another one was tried once
		var foreign error
		named = cmp.Or(named, e.weights[extractor.Scenes.Name]) // one folder holds the networks of all of them
		if found, foreign = e.home(); named == "" && foreign != nil {
			return nil, fmt.Errorf("%s: %w: say --weights %s=FOLDER", kind.Name, foreign, extractor.Scenes.Name)
		}
	}
	o := extractor.Options{Engine: e.backend, Weights: cmp.Or(named, found), Mode: e.modes()[kind.Name], Batch: e.batch, Captions: captions, Progress: e.stderr}
	ex, err := kind.Open(ctx, o)
	if err != nil && ctx.Err() == nil && named == "" {
		if kind.Bundled {
			world := filepath.Base(cmp.Or(found, extractor.Scenes.Name))
			return nil, fmt.Errorf("%s: %w; go run ./experiments/pretrain --data %s makes it, --weights %s=FOLDER names another", kind.Name, err, world, extractor.Scenes.Name)
		}
		answer, ok := e.ask(fmt.Sprintf("%s: %v\nfile or folder with the weights of %s", kind.Name, err, kind.Name))
		if !ok {
			return nil, fmt.Errorf("%s: %w; say --weights %s=PATH, or --extractor scenes, which needs no download", kind.Name, err, kind.Name)
		}
		named, o.Weights = answer, answer
		ex, err = kind.Open(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind.Name, err)
	}
	if named != "" && !kind.Bundled {
		if err := known.remember(kind.Name, named); err != nil {
			e.warnf("the place of the weights could not be kept: %v", err)
		}
	}
	e.notef("extractor: %s", ex.Name())
	return ex, nil
}

// modes are the preprocessings that were asked for, by extractor: one without a name is Inception's, for DINOv2 has one of the same name.
func (o options) modes() map[string]string {
	modes := map[string]string{}
	maps.Copy(modes, o.mode)
	if all, ok := modes[""]; ok {
		delete(modes, "")
		modes[extractor.Inception.Name] = cmp.Or(modes[extractor.Inception.Name], all)
	}
	return modes
}

// checkModes wants every mode to be one that an extractor of the metrics has.
func (e *evaluation) checkModes(groups []group) error {
	modes := e.modes()
	for _, name := range slices.Sorted(maps.Keys(modes)) {
		i := slices.IndexFunc(groups, func(g group) bool { return g.kind.Name == name })
		if i < 0 || !slices.Contains(groups[i].kind.Modes, modes[name]) {
			return fmt.Errorf("mode = %q of %s, want one that --list shows, of an extractor that a metric here uses; those of others are EXTRACTOR=MODE such as dinov2-l=clean", modes[name], name)
		}
	}
	return nil
}

// checkExtractors wants every extractor to be of a metric that was asked for.
func (e *evaluation) checkExtractors(asked []wanted) error {
	for _, name := range slices.Sorted(maps.Keys(e.extractor)) {
		of := func(w wanted) bool { return w.Name == name }
		if name == "" {
			of = func(w wanted) bool { return e.extractor[w.Name] == "" }
		}
		if !slices.ContainsFunc(asked, of) {
			return fmt.Errorf("extractor = %q of %s, want none: --metrics does not ask for it", e.extractor[name], cmp.Or(name, "other metrics"))
		}
	}
	return nil
}

// checkWeights wants all weights to be of an extractor that a metric uses. Those of scenes also tell the size of a world's pictures.
func (e *evaluation) checkWeights(groups []group) error {
	for _, name := range slices.Sorted(maps.Keys(e.weights)) {
		scenes := name == extractor.Scenes.Name
		used := func(g group) bool { return name == "" || g.kind.Name == name || scenes && g.kind.Bundled }
		if !slices.ContainsFunc(groups, used) && !(scenes && slices.ContainsFunc(e.sets, input.world)) {
			return fmt.Errorf("weights = %q of %s, want none: no metric here uses this extractor", e.weights[name], name)
		}
	}
	return nil
}

func (e *evaluation) saveStatistics(s metric.Sample) error {
	if e.save == "" {
		return nil
	}
	if s.Stats == nil {
		stats, err := eval.NewStats(s.Features)
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

// places remembers where the weights of each extractor are, in a file of the user's config folder.
type places struct {
	file  string // "" where there is no such folder
	known map[string]string
}

func readPlaces() (places, error) {
	p := places{known: map[string]string{}}
	dir, err := os.UserConfigDir()
	if err != nil {
		return p, nil
	}
	p.file = filepath.Join(dir, "addlab", "weights.json")
	if err := record.ReadJSON(p.file, &p.known); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("%w: mend or remove the file", err)
	}
	return p, nil
}

func (p places) remember(kind, path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if p.file == "" || p.known[kind] == absolute {
		return nil
	}
	p.known[kind] = absolute
	if err := os.MkdirAll(filepath.Dir(p.file), 0o777); err != nil {
		return err
	}
	return record.WriteJSON(p.file, p.known)
}

// find gives the remembered place if something is there still.
func (p places) find(kind string) string {
	path := p.known[kind]
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// askOnTerminal asks a person at standard input. A program or a file there is never asked.
func askOnTerminal(question string) (string, bool) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return "", false
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return "", false
	}
	fmt.Fprintf(os.Stderr, "%s: ", question)
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 1<<16)).ReadString('\n')
	line = strings.TrimSpace(line)
	return line, err == nil && line != ""
}
