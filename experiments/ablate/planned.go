package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
)

// planned prints what a training of the default cell takes, and how many there are.
func planned(ctx context.Context, o options, base distill.Config, axes []ablations.Axis, seeds []int64, lazy *lazyEngine) error {
	note := func(format string, args ...any) { fmt.Fprintf(lazy.stderr, format+"\n", args...) }
	if err := o.teacher.Plan(ctx, lazy.out, base, note); err != nil {
		return err
	}
	var configs []distill.Config
	for _, axis := range axes {
		for _, cell := range axis.Cells {
			cfg := adapted(cell, 1).Config(base)
			lacking := slices.DeleteFunc(cfg.Parts(), o.teacher.Has)
			seen := slices.ContainsFunc(configs, func(c distill.Config) bool { return reflect.DeepEqual(c, cfg) })
			if !axis.BuiltIn && len(lacking) == 0 && cfg.Validate() == nil && !seen {
				configs = append(configs, cfg)
			}
		}
	}
	if n := len(configs) * len(seeds); n > 1 {
		fmt.Fprintf(lazy.out, "the sweep: %d trainings, each as large as this one unless its cell says otherwise\n", n)
	}
	if !o.compiled && o.timed == 0 {
		fmt.Fprintln(lazy.out, teachers.Untimed)
		return nil
	}
	if o.compiled {
		e, err := lazy.open(ctx)
		if err == nil {
			err = o.teacher.Compiled(ctx, lazy.out, lazy.stderr, base, e, o.devices, note)
		}
		if err != nil || o.timed == 0 {
			return err
		}
	}
	teacher, data, err := o.openTeacher(ctx, base, lazy.stderr)
	if err == nil {
		err = teacher.Suits(base)
	}
	if err != nil {
		return err
	}
	e, err := lazy.open(ctx)
	if err == nil {
		err = teacher.Affords(base, data, e.Memory(ctx))
	}
	if err != nil {
		return err
	}
	return teachers.Timed(ctx, lazy.out, lazy.stderr, distill.Inputs{Config: base, Bundle: teacher.Base, Data: data, Backend: e.Backend, Devices: o.devices}, e.Name, o.timed)
}
