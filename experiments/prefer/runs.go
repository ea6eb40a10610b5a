package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// runs are the folders of runs on the set, in words.
func (o options) runs() string { return strings.Join(sweep.RunsOf(o.results, o.set), ", ") }

// findRun finds a run by its folder, its student's file, or its hash among those of --results. folder is its parent,
// "" without a run.
func (o options) findRun(what string) (run record.Saved, folder string, err error) {
	dirs := []string{what, filepath.Dir(what)}
	all, err := sweep.AllRuns(o.results)
	for _, runs := range all {
		dirs = append(dirs, filepath.Join(runs, what))
	}
	for _, dir := range dirs {
		if dir == filepath.Dir(what) && filepath.Ext(what) != ".safetensors" {
			continue
		}
		run, err := record.At(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return run, "", err
		case len(run.Environments()) > 0:
			return run, filepath.Dir(dir), nil
		}
	}
	return run, "", err
}

// openRun draws from the student of a training, or takes the samples that its evaluation kept.
func (o options) openRun(s *source, run record.Saved, folder string) error {
	student, err := sweep.ReadStudentRun(run.Dir())
	if run.Dir() != "" && err == nil {
		return o.openStudents(s, []sweep.StudentRun{student}, 1, "")
	}
	runs, fault := record.OpenRuns(folder)
	if fault != nil {
		return fault
	}
	kept, found, fault := sweep.KeptOfRun(runs, run.Hash, max(s.steps, 1))
	switch {
	case fault != nil:
		return fault
	case !found && run.Dir() != "":
		return err
	case !found:
		return fmt.Errorf("%s has no weights, and no sample pictures of %s are kept: want a run's folder with its student, or another number of steps", run, fold.Count(max(s.steps, 1), "step"))
	}
	s.openKept([]sweep.Kept{kept}, runs)
	return nil
}

// openCell draws from the students of a cell, or takes the samples that are kept of them.
func (o options) openCell(s *source, axisName, cellName string) error {
	axis, err := ablations.Lookup(axisName)
	if err != nil {
		return err
	}
	if axis, err = axis.Only([]string{cellName}); err != nil {
		return err
	}
	cell := axis.Cells[0]
	if s.steps > 0 {
		cell.Steps = s.steps
	}
	for _, folder := range sweep.RunsOf(o.results, o.set) {
		students, err := sweep.StudentRuns(folder)
		if err != nil {
			return err
		}
		if students = sweep.OfCell(students, cell); len(students) > 0 {
			return o.openStudents(s, students, max(cell.Steps, 1), cell.Form)
		}
		runs, err := record.OpenRuns(folder)
		if err != nil {
			return err
		}
		kept, err := sweep.KeptOfCell(runs, cell)
		if err != nil {
			return err
		}
		if len(kept) > 0 {
			s.openKept(kept, runs)
			return nil
		}
	}
	return fmt.Errorf("%s: neither a student of this cell nor sample pictures of one in %s: go run ./experiments/ablate %s --axis %s --cells %s trains it, --results FOLDER looks elsewhere",
		o.runs(), fold.Count(max(cell.Steps, 1), "step"), o.set, axisName, cellName)
}

// openKept takes the samples of several seeds: the second picture of a caption is the second seed's.
func (s *source) openKept(kept []sweep.Kept, runs *record.Runs) {
	var captions []string
	for _, k := range kept {
		captions = append(captions, k.Captions...)
		for _, m := range k.Images {
			s.read = append(s.read, func() (extractor.RGB, error) { return drawn(m), nil })
		}
	}
	s.prompts = number(captions)
	var seeds []int64
	for _, k := range kept {
		seeds = append(seeds, k.Config.Distill.Seed)
	}
	s.about = fmt.Sprintf("%d sample pictures that are kept in %s, of %s", len(s.prompts), runs.Dir(), aboutSeeds(seeds, kept[0].Config.Distill.Scale, kept[0].Config.Distill.Steps))
}

func aboutSeeds(seeds []int64, scale string, steps int) string {
	noun := "seed"
	if len(seeds) > 1 {
		noun = "seeds"
	}
	return fmt.Sprintf("%s %s (scale %s, trained for %d steps)", noun, strings.Trim(strings.ReplaceAll(fmt.Sprint(seeds), " ", ", "), "[]"), scale, steps)
}

// openStudents draws from one student for each seed.
func (o options) openStudents(s *source, runs []sweep.StudentRun, steps int, form diffusion.Form) error {
	if s.steps > 0 {
		steps = s.steps
	}
	var seeds []int64
	d := &drawing{scale: runs[0].Config.Distill.Scale}
	for _, run := range runs {
		if err := run.Check(); err != nil {
			return err
		}
		seeds = append(seeds, run.Config.Distill.Seed)
		d.samplings = append(d.samplings, run.Steps(steps, form).Sampling)
	}
	var err error
	if d.bundle, err = runs[0].Bundle(o.pretrained); err != nil {
		return err
	}
	s.about = fmt.Sprintf("student, %s; %s", fold.Count(steps, "step"), aboutSeeds(seeds, d.scale, runs[0].Config.Distill.Steps))
	return s.draws(d)
}
