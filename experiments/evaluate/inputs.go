package main

import (
	"fmt"

	"github.com/addlab/addlab/eval/features"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// input is one side of a comparison: pictures, or a file of what was computed of them elsewhere.
type input struct {
	spec  string
	given *metric.Sample // nil for pictures
	set   pictures.Set
	home  string // the folder with the networks that know these pictures, "" where there is none
}

// kind tells people what it is.
func (in input) kind() string {
	switch {
	case in.given == nil:
		return in.set.Kind
	case in.given.Stats != nil:
		return "statistics"
	}
	return "features"
}

// world tells pictures that the shipped networks know.
func (in input) world() bool {
	return in.given == nil && (in.set.Kind == "scenes" || in.set.Kind == "run")
}

// open lists all inputs; pictures are not read yet.
func (e *evaluation) open() error {
	for i, spec := range e.inputs {
		in := input{spec: spec}
		switch {
		case features.IsGiven(spec):
			given, err := features.ReadGiven(spec)
			if err != nil {
				return err
			}
			if n := given.N(); e.n > 0 && n > 0 && n != e.n {
				return fmt.Errorf("%s holds what was computed of %d pictures, want n = %d", spec, n, e.n)
			}
			in.given = &given
		case isRun(spec):
			set, bundle, err := e.openRun(spec)
			if err != nil {
				return err
			}
			in.set, in.home = set, bundle.Dir
		default:
			o := pictures.Options{N: e.n}
			if i > 0 || len(e.inputs) == 1 {
				o.Captions = e.captions
			}
			set, err := pictures.Open(spec, o)
			if err != nil {
				return err
			}
			in.set = set
			if set.World != "" {
				in.home = pretrain.DefaultDir(set.World, "cpu")
			}
		}
		e.sets = append(e.sets, in)
	}
	return nil
}

// home is the folder with the networks of this project that know the pictures: those of a run first, which may be of any data.
func (e *evaluation) home() (dir string) {
	for _, in := range e.sets {
		if in.home != "" && (dir == "" || in.set.Kind == "run") {
			dir = in.home
		}
	}
	return dir
}

// isRun reports whether a training or an evaluation of this project wrote the folder.
func isRun(spec string) bool {
	run, err := record.At(spec)
	return err == nil && len(run.Environments()) > 0
}

// reference and generated are the two sides; a metric that needs no reference may have one side alone.
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
