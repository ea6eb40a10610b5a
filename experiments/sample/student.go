package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/sweep"
)

// shipped is what --run calls the student that comes with the networks.
const shipped = "shipped"

// choose finds the student that was asked for, says which one it is, and finds the networks that it started from.
func choose(o options) (run sweep.StudentRun, about string, bundle *pretrain.Bundle, err error) {
	if run, about, bundle, err = chooseRun(o); err != nil || bundle != nil {
		return run, about, bundle, err
	}
	if err = run.Check(); err == nil {
		bundle, err = run.Bundle(o.pretrained)
	}
	return run, about, bundle, err
}

// chooseRun finds the run by hash, folder or file. Without any of them it is one's own newest of the default cell, else the shipped
// student, which comes with its networks. A toy of the smoke scale is taken only if there is nothing else.
func chooseRun(o options) (run sweep.StudentRun, about string, shippedIn *pretrain.Bundle, err error) {
	if o.run != "" && o.run != shipped {
		folders, err := sweep.AllRuns(o.results)
		if err != nil {
			return run, "", nil, err
		}
		dirs := []string{o.run, filepath.Dir(o.run)}
		for _, folder := range folders {
			dirs = append(dirs, filepath.Join(folder, o.run))
		}
		for _, dir := range dirs {
			run, err := sweep.ReadStudentRun(dir)
			if !errors.Is(err, fs.ErrNotExist) {
				return run, "of --run", nil, err
			}
		}
		return run, "", nil, fmt.Errorf("run = %q, want the hash of a run in %s, its folder, its student.safetensors, or %q", o.run, strings.Join(folders, ", "), shipped)
	}
	var own []sweep.StudentRun
	runs := sweep.RunsOf(o.results, o.set)
	if o.run != shipped {
		if own, err = sweep.StudentRuns(runs...); err != nil {
			return run, "", nil, err
		}
		own = slices.DeleteFunc(own, func(r sweep.StudentRun) bool { return !r.IsDefault() || !o.wants(r) })
	}
	if i := slices.IndexFunc(own, func(r sweep.StudentRun) bool { return r.Config.Distill.Scale != "smoke" }); i >= 0 {
		return own[i], "your newest of the default cell; --run shipped takes the shipped one", nil, nil
	}
	dir := o.pretrained
	if dir == "" {
		dir = pretrain.DefaultDir(o.set.Label(), "cpu")
	}
	bundle, err := pretrain.LoadBundle(dir)
	if err == nil {
		if run, found := sweep.Shipped(bundle); found {
			return run, "shipped: " + bundle.Student.About, bundle, nil
		}
	}
	switch {
	case len(own) > 0:
		return own[0], "your newest of the default cell, a toy", nil, nil
	case err != nil:
		return run, "", nil, err
	}
	return run, "", nil, fmt.Errorf("no student in %s, nor one of the default cell in %s: run `go run ./experiments/ablate %s--axis disc-cond` first, or say --run", dir, strings.Join(runs, ", "), o.dataFlag())
}

// wants reports whether a run's networks were trained on the dataset that was asked for, if one was.
func (o options) wants(r sweep.StudentRun) bool {
	if !o.ofData {
		return true
	}
	bundle, err := r.Bundle(o.pretrained)
	return err == nil && bundle.Config.Data == o.set.Origin()
}

// dataFlag is --data as it was typed, with a space behind it.
func (o options) dataFlag() string {
	if !o.ofData {
		return ""
	}
	return o.set.String() + " "
}

// export writes the student for Python, with the plans of its own numbers of steps and of all others up to eight that its sampler can take.
func export(o options, s sweep.StudentRun, b *pretrain.Bundle, backend compute.Backend, stdout io.Writer) error {
	p, counts := pipeline.New(backend, b), []int(nil)
	for k := 1; k <= max(8, len(s.Config.Distill.Times)); k++ {
		if _, err := p.Plan(s.Steps(k, o.form).Sampling); err == nil {
			counts = append(counts, k)
		}
	}
	if err := pipeline.Export(backend, b, s.Steps(1, o.form).Sampling, counts, o.export); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "wrote %s for diffusers: draws in %s steps\n", o.export, strings.Trim(strings.ReplaceAll(fmt.Sprint(counts), " ", ", "), "[]"))
	return err
}
