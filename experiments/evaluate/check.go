package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/pictures"
)

// check refuses before the first picture is read what would fail after the last one.
func (e *evaluation) check(groups []group) error {
	if err := e.checkSave(groups); err != nil {
		return err
	}
	for _, g := range groups {
		for _, w := range g.metrics {
			if err := e.checkMetric(w, g.kind.Name); err != nil {
				return err
			}
		}
	}
	for _, file := range []string{e.out, e.save} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return fmt.Errorf("%s is a folder, want a file", file)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
	}
	return nil
}

// checkSave wants one extractor to see the reference, of which a file holds one mean and covariance.
func (e *evaluation) checkSave(groups []group) error {
	if e.save == "" {
		return nil
	}
	if e.reference() == nil {
		return fmt.Errorf("save = %q, want REAL GENERATED: it is for the statistics of the real pictures", e.save)
	}
	var seers []string
	for _, g := range groups {
		if g.reference {
			seers = append(seers, g.kind.Name)
		}
	}
	if len(seers) != 1 {
		return fmt.Errorf("save = %q, extractors that look at the real pictures = [%s], want one: the file holds the statistics of one", e.save, strings.Join(seers, ", "))
	}
	return nil
}

func (e *evaluation) checkMetric(w wanted, extractor string) error {
	var reference metric.Sample
	if in := e.reference(); in != nil && w.Needs.Reference {
		var err error
		if reference, err = e.promised(*in, extractor); err != nil {
			return fmt.Errorf("%s: %s: %w", in.side, w.Name, err)
		}
	}
	for _, in := range e.generated() {
		promised, err := e.promised(in, extractor)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", in.side, w.Name, err)
		}
		if err := w.Check(reference, promised, w.params); err != nil {
			return e.blame(w, in, err)
		}
		if w.Needs.Captions {
			if err := e.checkCaptions(in); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *evaluation) blame(w wanted, in input, err error) error {
	if ref := e.reference(); ref != nil && w.Needs.Reference {
		return fmt.Errorf("%s against %s: %w", in, ref, err)
	}
	return fmt.Errorf("%s: %w", in, err)
}

func (e *evaluation) promised(in input, extractor string) (metric.Sample, error) {
	if in.precomputed != nil {
		return in.precomputed.Of(extractor)
	}
	rows := eval.Features{N: cmp.Or(e.n, len(in.set.Items))}
	return metric.Sample{Features: rows, Logits: rows, Captions: rows}, nil
}

func (e *evaluation) checkCaptions(in input) error {
	if in.precomputed != nil {
		return nil
	}
	var captions []string
	for _, i := range features.Order(len(in.set.Items), features.Options{N: e.n, Seed: e.seed}) {
		captions = append(captions, in.set.Items[i].Caption)
	}
	return e.captioned(in, captions[:cmp.Or(e.n, len(captions))])
}

func (e *evaluation) captioned(in input, captions []string) error {
	without := 0
	for _, caption := range captions {
		if caption == "" {
			without++
		}
	}
	if without == 0 {
		return nil
	}
	want := "a metadata.jsonl, a .txt beside each picture, or --captions FILE"
	if e.captions != "" {
		example := slices.IndexFunc(in.set.Items, func(item pictures.Item) bool { return item.Caption == "" })
		want = fmt.Sprintf("them in %s by names such as %s", e.captions, in.set.Items[example].Name)
	}
	return fmt.Errorf("%s: %d of %d pictures have no caption, want %s", in, without, len(captions), want)
}
