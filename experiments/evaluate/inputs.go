package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// input is one side of a comparison: pictures, or a file of what was computed of them elsewhere.
type input struct {
	side        string // reference or generated
	spec        string
	precomputed *features.Precomputed // nil for pictures
	set         pictures.Set
	home        string // the folder with the networks that know these pictures, "" where there is none
	foreign     error  // why those in home do not know them, nil where they do
}

// world tells pictures that the shipped networks know.
func (in input) world() bool { return in.set.Kind == "scenes" || in.set.Kind == "run" }

// looked tells pictures from what was computed elsewhere.
func (in input) looked() bool { return in.precomputed == nil }

// String names the input in errors.
func (in input) String() string { return in.side + " " + in.spec }

func (e *evaluation) open(ctx context.Context) error {
	tables := 0
	for i, spec := range e.inputs {
		in := input{spec: spec, side: "generated"}
		if i == 0 && len(e.inputs) > 1 {
			in.side = "reference"
		}
		if err := e.openInput(ctx, &in); err != nil {
			return fmt.Errorf("%s: %w", in.side, err)
		}
		e.warn(in.set.Notes...)
		e.sets = append(e.sets, in)
		tables += in.set.Tables
	}
	own := func(in input) bool { return in.precomputed != nil || in.world() }
	if e.captions != "" && !slices.ContainsFunc(e.generated(), func(in input) bool { return !own(in) }) {
		return fmt.Errorf("captions = %s, want none where %s is of kind %s: they are for files of pictures", e.captions, e.generated()[0], e.generated()[0].set.Kind)
	}
	if e.forRuns != nil && !slices.ContainsFunc(e.sets, func(in input) bool { return in.set.Kind == "run" }) {
		return fmt.Errorf("%s, want none: no input is a run that trained a student", strings.Join(e.forRuns, ", "))
	}
	return e.set.CheckColumns(tables > 0, "no input has any")
}

func (e *evaluation) openInput(ctx context.Context, in *input) error {
	switch {
	case features.IsPrecomputed(in.spec):
		given, err := features.ReadPrecomputed(in.spec)
		if err != nil {
			return err
		}
		if n := given.N; e.n > 0 && n > 0 && n != e.n {
			return fmt.Errorf("%s holds what was computed of %d pictures, want n = %d", in.spec, n, e.n)
		}
		in.precomputed = &given
		in.set = pictures.Set{Name: in.spec, Kind: given.Kind}
		e.seen[in.spec] = resultSet{Pictures: given.N}
	case isRun(in.spec):
		set, bundle, err := e.openRun(ctx, in.spec)
		if err != nil {
			return fmt.Errorf("%s: %w", in.spec, err)
		}
		in.set, in.home = set, bundle.Dir
	default:
		o := pictures.Options{N: e.n, Image: e.set.Image, Text: e.set.Text, Note: e.notef}
		if in.side == "generated" {
			o.Captions = e.captions
		}
		var judge *pretrain.Bundle
		if world := pictures.WorldOf(in.spec); world != "" {
			in.home = pretrain.DefaultDir(world, "cpu")
			if judge = e.judge(in.home); judge != nil {
				o.Size = judge.Config.Size
			}
		}
		var err error
		if in.set, err = pictures.Open(ctx, in.spec, o); err != nil {
			return err
		}
		if judge != nil && judge.Dir == in.home {
			in.foreign = judge.MadeFor(in.set.World)
		}
	}
	if have := len(in.set.Items); in.precomputed == nil && have < e.n {
		return fmt.Errorf("%s holds %d pictures, want n = %d", in.spec, have, e.n)
	}
	return nil
}

// judge is the bundle whose pictures a world is to resemble in size: the named one, that of a run, or the world's own in home; nil
// without any.
func (e *evaluation) judge(home string) *pretrain.Bundle {
	dirs := []string{e.weights.of(extractor.Scenes.Name)}
	for _, spec := range e.inputs {
		if run, err := sweep.ReadStudentRun(spec); err == nil {
			if b, err := run.Bundle(e.pretrained); err == nil {
				dirs = append(dirs, b.Dir)
			}
		}
	}
	for _, dir := range append(dirs, home) {
		if b, err := pretrain.LoadBundle(dir); dir != "" && err == nil {
			return b
		}
	}
	return nil
}

// home is the folder with the networks of this project that know the pictures: those of a run first, which may be of any data.
func (e *evaluation) home() (dir string, err error) {
	for _, in := range e.sets {
		if in.home != "" && (dir == "" || in.set.Kind == "run") {
			dir, err = in.home, in.foreign
		}
	}
	return dir, err
}

func isRun(spec string) bool {
	run, err := record.At(spec)
	return err == nil && len(run.Environments()) > 0
}

// A metric that needs no reference may have one side alone.
func (e *evaluation) reference() *input {
	if len(e.sets) > 1 {
		return &e.sets[0]
	}
	return nil
}

func (e *evaluation) generated() []input {
	if len(e.sets) > 1 {
		return e.sets[1:]
	}
	return e.sets
}
