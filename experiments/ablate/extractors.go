package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/sweep"
)

// weightFiles are files by the kind of their extractor, as flags KIND=FILE.
type weightFiles map[string]string

func (w *weightFiles) String() string { return "" }

// Set implements flag.Value.
func (w *weightFiles) Set(text string) error {
	kind, file, ok := strings.Cut(text, "=")
	if !ok || file == "" {
		return fmt.Errorf("want KIND=FILE, such as inception=weights.pth")
	}
	if _, err := os.Stat(file); err != nil {
		return err
	}
	if *w == nil {
		*w = weightFiles{}
	}
	(*w)[kind] = file
	return nil
}

// typed is a flag as a task of Slurm is given it.
func typed(f *flag.Flag) (args []string) {
	w, ok := f.Value.(*weightFiles)
	if !ok {
		return []string{"--" + f.Name + "=" + f.Value.String()}
	}
	for _, kind := range slices.Sorted(maps.Keys(*w)) {
		args = append(args, "--"+f.Name+"="+kind+"="+(*w)[kind])
	}
	return args
}

func (o options) checkExtractors() error {
	kinds, err := o.extractors()
	if err != nil {
		return err
	}
	for name := range o.weights {
		if !slices.ContainsFunc(slices.Collect(maps.Values(kinds)), func(k extractor.Kind) bool { return k.Name == name }) {
			return fmt.Errorf("weights = %s=…, want those of --extractor = %q or --clip = %q", name, o.extractor, o.clip)
		}
	}
	return nil
}

// extractors are the extractors by their role.
func (o options) extractors() (map[string]extractor.Kind, error) {
	kinds := map[string]extractor.Kind{}
	for _, asked := range [][2]string{{sweep.FeaturesRole, o.extractor}, {sweep.CaptionsRole, o.clip}} {
		role, name := asked[0], asked[1]
		if name == "" && role == sweep.CaptionsRole {
			continue
		}
		kind, err := extractor.ByName(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("--%s: %w", role, err)
		case kind.Bundled:
			return nil, fmt.Errorf("%s = %q, which knows the drawings of a built-in world alone, want one of others' pictures, such as efficientnet-lite0", role, name)
		case role == sweep.CaptionsRole && !kind.Captions:
			return nil, fmt.Errorf("%s = %q reads no captions, want one that does, such as clip-l14", role, name)
		}
		kinds[role] = kind
	}
	return kinds, nil
}

func (o options) extractorOptions(kind extractor.Kind, progress io.Writer) extractor.Options {
	return extractor.Options{Weights: o.weights[kind.Name], Captions: kind.Captions, Progress: progress}
}

func (o options) openExtractors(ctx context.Context, backend compute.Backend, kinds map[string]extractor.Kind, progress io.Writer) (x protocol.Extractors, err error) {
	open := func(kind extractor.Kind) (extractor.Extractor, error) {
		options := o.extractorOptions(kind, progress)
		options.Engine = func(context.Context) (compute.Backend, error) { return backend, nil }
		one, err := kind.Open(ctx, options)
		if err != nil {
			err = fmt.Errorf("%s: %w", kind.Name, err)
		}
		return one, err
	}
	if x.Features, err = open(kinds[sweep.FeaturesRole]); err != nil {
		return x, err
	}
	if kind, ok := kinds[sweep.CaptionsRole]; ok {
		pair, err := open(kind)
		if err != nil {
			x.Close()
			return x, err
		}
		x.Pair = pair.(extractor.Captioner)
	}
	return x, nil
}
