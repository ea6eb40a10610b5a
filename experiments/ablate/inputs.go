package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// lazyEngine opens the engine at first use. A finished sweep needs none.
type lazyEngine struct {
	choice      string
	devices     int
	out, stderr io.Writer
	engine      *engine.Engine
	affords     func(memory float64) error // whether the trainings fit; nil for any
}

func (l *lazyEngine) open(ctx context.Context) (*engine.Engine, error) {
	if l.engine == nil {
		e, err := engine.Open(ctx, l.choice, l.stderr)
		if err != nil {
			return nil, err
		}
		if n := int(e.Backend.NumDevices()); l.devices > n {
			e.Close()
			return nil, fmt.Errorf("devices = %d, want at most %d, all that engine %s has here", l.devices, n, e.Name)
		}
		fmt.Fprintln(l.out, "engine:", e)
		if l.affords != nil {
			if err := l.affords(e.Memory(ctx)); err != nil {
				e.Close()
				return nil, err
			}
		}
		l.engine = e
	}
	return l.engine, nil
}

func (l *lazyEngine) close() { l.engine.Close() }

// openInputs opens dataset and networks. Only the smoke scale trains missing networks.
func openInputs(ctx context.Context, o options, lazy *lazyEngine) (sweep.Inputs, error) {
	cfg, err := pretrain.DefaultConfig(o.scale)
	if err != nil {
		return sweep.Inputs{}, err
	}
	cfg = cfg.Of(o.set, o.scale)
	dir := o.bundleDir()
	toy := o.scale == "smoke" && o.pretrained == "" && !exists(dir)
	if toy {
		dir = filepath.Join(o.out, dir)
	}
	var bundle *pretrain.Bundle
	var missing error
	if !toy || exists(filepath.Join(dir, "bundle.json")) {
		if bundle, missing = pretrain.LoadBundle(dir); missing == nil {
			cfg.Size = bundle.Config.Size
		}
	}
	warn := func(format string, args ...any) { fmt.Fprintf(lazy.stderr, format+"\n", args...) }
	data, err := o.set.Open(ctx, cfg.Size, warn) // name a wrong folder before missing networks
	if err != nil {
		return sweep.Inputs{}, err
	}
	switch {
	case (o.printConfig || toy && o.looks()) && !exists(filepath.Join(dir, "bundle.json")):
		return sweep.Inputs{}, fmt.Errorf("%w in %s: go run ./experiments/pretrain %s --scale %s --out %s makes them, as does this command without --no-train and --dry-run", errNoBundle, dir, o.set, o.scale, dir)
	case missing != nil:
		return sweep.Inputs{}, fmt.Errorf("%w (here: go run ./experiments/pretrain %s --scale %s --out %s)", missing, o.set, o.scale, dir)
	}
	if bundle == nil {
		if bundle, err = pretrainToy(ctx, o, cfg, dir, data, lazy); err != nil {
			return sweep.Inputs{}, err
		}
	}
	return sweep.NewInputs(bundle, data, o.scale, o.images)
}

func pretrainToy(ctx context.Context, o options, cfg pretrain.Config, dir string, data dataset.Dataset, lazy *lazyEngine) (*pretrain.Bundle, error) {
	e, err := lazy.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil { // before the work, not after it
		return nil, err
	}
	return pretrain.Ensure(ctx, pretrain.Options{
		Dir: dir, Runs: filepath.Join(o.out, "pretrain"), Config: cfg, Scale: o.scale, Data: data, Engine: e, Command: o.command(), Out: lazy.out,
	})
}

// errNoBundle means that a sweep would pretrain first. Its runs have no hashes before that.
var errNoBundle = errors.New("no pretrained networks yet")

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// complete trains networks that the axes need and the bundle lacks, with --pretrain or at smoke scale. Otherwise such axes are left
// out and named, or single cells of them, where weights that others publish cannot be had. It is an error if none is left.
func complete(ctx context.Context, o options, in sweep.Inputs, base distill.Config, axes []ablations.Axis, lazy *lazyEngine) (sweep.Inputs, []ablations.Axis, error) {
	train := o.pretrain || o.scale == "smoke"
	var kept []ablations.Axis
	var missing []string
	var leftOut []error
	for _, axis := range axes {
		axis, err := withoutPublished(ctx, o, in, base, axis, train && !o.looks(), lazy.stderr)
		if err != nil {
			return in, nil, err
		}
		parts := axis.Parts(base)
		switch err := in.Bundle.Want(parts...); {
		case errors.Is(err, pretrain.ErrNoStudent):
			leftOut = append(leftOut, fmt.Errorf("%s: %w", axis.Name, err))
		case err != nil && (!train || o.looks()):
			leftOut = append(leftOut, fmt.Errorf("%s: %w, or add --pretrain", axis.Name, err))
		default:
			kept, missing = append(kept, axis), append(missing, slices.DeleteFunc(parts, in.Bundle.Has)...)
		}
	}
	if len(kept) == 0 {
		return in, nil, errors.Join(leftOut...)
	}
	for _, err := range leftOut {
		fmt.Fprintf(lazy.stderr, "left out: %v\n", err)
	}
	if len(missing) == 0 {
		return in, kept, nil
	}
	variants, err := pretrain.DefaultVariants(o.scale, in.Bundle.Config, missing...)
	if err != nil {
		return in, nil, err
	}
	e, err := lazy.open(ctx)
	if err != nil {
		return in, nil, err
	}
	in.Bundle, err = pretrain.RunVariants(ctx, in.Bundle, variants, pretrain.Options{
		Runs: filepath.Join(o.out, "pretrain"), Data: in.Data, Engine: e, Command: o.command(), Out: lazy.out,
	})
	return in, kept, err
}

// withoutPublished leaves out cells whose published networks cannot be had here. Where --cells names them, the axis stays whole.
func withoutPublished(ctx context.Context, o options, in sweep.Inputs, base distill.Config, axis ablations.Axis, fetch bool, w io.Writer) (ablations.Axis, error) {
	if o.cells != "" {
		return axis, nil
	}
	return sweep.WithoutPublished(in.Bundle, base, axis, w, func(v pretrain.Variant) error {
		if fetch {
			_, err := v.Fetch(ctx, w)
			return err
		}
		return fmt.Errorf("%w, or add --pretrain", in.Bundle.Want(v.Name))
	})
}

func warnOtherRecipes(w io.Writer, runs *record.Runs) error {
	others, err := sweep.OtherRecipes(runs)
	for kind, n := range others {
		fmt.Fprintf(w, "%s holds %d of recipe %q, this program's is %q: they count for nothing here\n", runs.Dir(), n, kind, sweep.Recipe)
	}
	return err
}
