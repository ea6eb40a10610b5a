package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// student is the model to draw from.
type student struct {
	path string // of its weights
	cfg  distill.Config
}

// choose finds the student that was asked for and the networks that it started from.
func choose(o options) (student, *pretrain.Bundle, error) {
	run, err := chooseRun(o)
	if err != nil {
		return student{}, nil, err
	}
	if err := run.Check(); err != nil {
		return student{}, nil, err
	}
	var bundle *pretrain.Bundle
	if o.pretrained == "" {
		bundle, err = run.FindBundle()
	} else {
		bundle, err = run.Bundle([]string{o.pretrained})
	}
	return student{path: run.Student(), cfg: run.Config.Distill}, bundle, err
}

// chooseRun finds the run by hash, folder or file. Without any of them it is the newest of the default cell; a toy of the smoke
// scale is taken only if there is nothing else.
func chooseRun(o options) (sweep.StudentRun, error) {
	dir := filepath.Join(o.results, "runs")
	if o.run != "" {
		for _, dir := range []string{o.run, filepath.Dir(o.run), filepath.Join(dir, o.run)} {
			run, err := sweep.ReadStudentRun(dir)
			if !errors.Is(err, fs.ErrNotExist) {
				return run, err
			}
		}
		return sweep.StudentRun{}, fmt.Errorf("run = %q, want the hash of a run in %s, its folder, or its student.safetensors", o.run, dir)
	}
	runs, err := record.OpenRuns(dir)
	if err != nil {
		return sweep.StudentRun{}, err
	}
	all, err := sweep.StudentRuns(runs)
	if err != nil {
		return sweep.StudentRun{}, err
	}
	var toy *sweep.StudentRun
	for _, r := range all {
		switch {
		case !r.IsDefault():
		case r.Config.Distill.Scale != "smoke":
			return r, nil
		case toy == nil:
			toy = &r
		}
	}
	if toy == nil {
		return sweep.StudentRun{}, fmt.Errorf("no trained student of the default cell in %s: run `go run ./experiments/ablate --axis disc-cond` first, or say --run", dir)
	}
	return *toy, nil
}
