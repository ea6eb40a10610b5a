package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// checkTeacher wants flags that go with --teacher, and only with it.
func (o *options) checkTeacher(given map[string]bool) error {
	if o.teacher.Name == "" {
		for _, name := range []string{"variant", "features", "features-net", "other-features", "size", "extractor", "clip", "weights", "plan", "compiled", "timed"} {
			if given[name] {
				return fmt.Errorf("%s has no effect on the built-in networks, want --teacher beside it, a published model", name)
			}
		}
		if o.scale == distill.LatentScale {
			return fmt.Errorf("scale = %q, want --teacher beside it, a published model", o.scale)
		}
		return nil
	}
	if !given["scale"] {
		o.scale = distill.LatentScale
	}
	untrained := o.plan && o.timed == 0
	switch err := o.teacher.Check(); {
	case o.scale != distill.LatentScale:
		return fmt.Errorf("scale = %q, want %q with --teacher: --config changes its fields", o.scale, distill.LatentScale)
	case given["pretrained"] || given["pretrain"]:
		return errors.New("pretrained and pretrain are about the built-in networks, want them without --teacher")
	case given["timed"] && (!o.plan || o.timed < 1):
		return fmt.Errorf("timed = %d, want ≥ 1, with --plan", o.timed)
	case o.compiled && !o.plan:
		return errors.New("compiled says what a plan prints, want --plan beside it")
	case o.plan && (o.looks() || o.slurm > 0 || o.processes > 1 || o.probe > 0):
		return errors.New("plan starts nothing, want it without dry-run, no-train, print-config, slurm, processes and probe")
	case given["reference"]:
		return errors.New("reference is of built-in teachers, want it without --teacher")
	case !given["data"] && !untrained && !o.list:
		return errors.New("data is missing, want captioned pictures to learn from (docs/data.md)")
	case err != nil:
		return err
	}
	return o.checkExtractors()
}

// openPublished opens a published teacher, its data and the networks that score, and names the folder of results. Cells that the teacher
// cannot have are left out and named.
func openPublished(ctx context.Context, o *options, base distill.Config, axes []ablations.Axis, lazy *lazyEngine) (in sweep.Inputs, kept []ablations.Axis, err error) {
	stderr := lazy.stderr
	teacher, data, err := o.openTeacher(ctx, base, stderr)
	if err != nil {
		return in, nil, err
	}
	p := sweep.Published{Base: teacher.Base, Extractors: map[string]string{}}
	if p.Preset, err = o.teacher.Preset("add"); err != nil {
		return in, nil, err
	}
	kinds, err := o.extractors()
	if err != nil {
		return in, nil, err
	}
	for role, kind := range kinds { // before hours of training
		sum, err := kind.Sum(ctx, o.extractorOptions(kind, stderr))
		if err != nil {
			return in, nil, fmt.Errorf("%s: %w; --weights %s=FILE names them", kind.Name, err, kind.Name)
		}
		p.Extractors[role] = kind.Name + ", SHA-256 " + sum
	}
	p.Open = func(ctx context.Context, backend compute.Backend) (x protocol.Extractors, err error) {
		return o.openExtractors(ctx, backend, kinds, stderr)
	}
	if in, err = sweep.NewPublished(p, teacher.Guidance, data, o.images); err != nil {
		return in, nil, err
	}
	if o.out == "" { // two set-ups of a teacher have a folder each
		of, err := record.Hash(map[string]any{"teacher": teacher.Hash("teacher"), "features": teacher.Hash("features"), "data": data.Hash(), "extractors": p.Extractors})
		if err != nil {
			return in, nil, err
		}
		o.out = filepath.Join("results", "published", dataset.Spec{Name: o.teacher.Name}.Label()+"-"+of[:6])
	}
	o.reference = o.out
	kept, err = suited(axes, base, teacher, stderr)
	lazy.affords = func(memory float64) error {
		for _, axis := range kept {
			for _, cell := range axis.Cells {
				if err := teacher.Affords(cell.Config(base), data, memory); err != nil {
					return fmt.Errorf("%s, cell %s: %w", axis.Name, cell.Name, err)
				}
			}
		}
		return nil
	}
	return in, kept, err
}

// openTeacher opens the teacher and data that a student of the default cell can learn from.
func (o *options) openTeacher(ctx context.Context, base distill.Config, stderr io.Writer) (teacher teachers.Teacher, data dataset.Dataset, err error) {
	if err := o.teacher.CheckFeatures(base); err != nil {
		return teacher, nil, err
	}
	note := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	if teacher, err = o.teacher.Open(ctx, note); err != nil {
		return teacher, nil, err
	}
	if data, err = o.set.Open(ctx, teacher.Size(), note); err == nil {
		err = teacher.Check(data)
	}
	return teacher, data, err
}

// adapted is a cell for a published teacher: where cells follow the guided teacher, its own guidance; distances of other methods than ADD
// between latents; no DiffAugment of what is no picture.
func adapted(c ablations.Cell, guidance float64) ablations.Cell {
	set := c.Set
	if set == nil {
		return c
	}
	c.Set = func(cfg *distill.Config) {
		before := *cfg
		cfg.TeacherGuidance = -1
		set(cfg)
		if cfg.TeacherGuidance < 0 {
			cfg.TeacherGuidance = before.TeacherGuidance
		} else { // the cell sets it
			cfg.TeacherGuidance = guidance
		}
		if cfg.Consistency != nil || cfg.Method != nil {
			cfg.DistillPixels = false
		}
		if cfg.FeaturesNet != before.FeaturesNet && cfg.FeaturesNet == cfg.Teacher() {
			cfg.Discriminator.Augment = false
		}
	}
	return c
}

// suited are the axes without cells that the teacher cannot have, and without those that are its default cell by another name.
func suited(axes []ablations.Axis, base distill.Config, teacher teachers.Teacher, w io.Writer) (kept []ablations.Axis, err error) {
	if err := teacher.Suits(base); err != nil {
		return nil, err
	}
	var leftOut []error
	for _, axis := range axes {
		if axis.BuiltIn {
			leftOut = append(leftOut, fmt.Errorf("%s: its cells are of built-in teachers", axis.Name))
			continue
		}
		var cells []ablations.Cell
		var same []string // cells that are the default one
		for _, c := range axis.Cells {
			c = adapted(c, teacher.Guidance)
			cfg := c.Config(base)
			err := teacher.Suits(cfg)
			if err == nil && !c.Default && c.Steps < 2 && reflect.DeepEqual(canonical(cfg, teacher), canonical(base, teacher)) {
				err, same = errors.New("the same as the default cell"), append(same, c.Name)
			}
			if err != nil {
				leftOut = append(leftOut, fmt.Errorf("%s, cell %s: %w", axis.Name, c.Name, err))
				continue
			}
			cells = append(cells, c)
		}
		if len(cells) < min(2, len(axis.Cells)) {
			if len(cells) == 1 {
				leftOut = append(leftOut, fmt.Errorf("%s: only cell %s is left", axis.Name, cells[0].Name))
			}
			continue
		}
		there := func(name string) bool {
			return slices.ContainsFunc(cells, func(c ablations.Cell) bool { return c.Name == name })
		}
		axis.Cells, axis.Teachers = cells, nil
		axis.Claims = slices.Clone(axis.Claims)
		for i := range axis.Claims {
			for _, name := range []*string{&axis.Claims[i].Better, &axis.Claims[i].Worse} {
				if axis.HasDefault() && slices.Contains(same, *name) {
					*name = axis.Cells[slices.IndexFunc(axis.Cells, func(c ablations.Cell) bool { return c.Default })].Name
				}
			}
		}
		axis.Claims = slices.DeleteFunc(axis.Claims, func(c ablations.Claim) bool { return !there(c.Better) || !there(c.Worse) || c.Better == c.Worse })
		if !there(axis.Against) {
			axis.Against = ""
		}
		kept = append(kept, axis)
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no cells are left for this teacher: %w", errors.Join(leftOut...))
	}
	for _, err := range leftOut {
		fmt.Fprintf(w, "left out: %v\n", err)
	}
	return kept, nil
}

// canonical is a config without another name of the features that every cell has.
func canonical(cfg distill.Config, teacher teachers.Teacher) distill.Config {
	if teacher.Hash(cfg.Features()) == teacher.Hash("features") {
		cfg.FeaturesNet = ""
	}
	return cfg
}
