// Command distill trains a few-step student of a latent diffusion model, or of one of EDM's networks.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "distill", Usage: usage, Interrupted: "the same command resumes from the last checkpoint", Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error { return run(ctx, o, stdout, stderr) },
	}
}

func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	cfg, err := o.base()
	if err != nil {
		return err
	}
	if o.printConfig {
		return program.PrintJSON(stdout, program.Full(cfg))
	}
	note := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	if o.plan {
		if err := o.teacher.Plan(ctx, stdout, cfg, note); err != nil {
			return err
		}
		if !o.compiled && o.timed == 0 {
			fmt.Fprintln(stdout, teachers.Untimed)
			return nil
		}
		return measured(ctx, o, cfg, note, stdout, stderr)
	}
	if _, err := os.Lstat(o.out); err == nil {
		return fmt.Errorf("out = %s is there already, want a new one", o.out)
	}
	base, data, err := o.inputs(ctx, cfg, note)
	if err != nil {
		return err
	}
	if err := writable(o.out); err != nil {
		return err
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "engine:", e)
	if err := base.Affords(cfg, data, e.Memory(ctx)); err != nil {
		return err
	}

	r, err := record.Open(ctx, o.runs, distill.NewRunConfig(cfg, base.Base, data), record.NewEnvironment(e.Name, e.Version, e.Device))
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Fprintln(stdout, "run:", r.Dir())
	if !r.Finished() {
		in := distill.Inputs{Config: cfg, Bundle: base.Base, Data: data, Backend: e.Backend, Devices: o.devices}
		if err := new(distill.Trainer).Train(ctx, in, r, train.NewProgress(stdout)); err != nil {
			return err
		}
		if err := r.Finish(struct {
			Steps int `json:"steps"`
		}{cfg.Steps}); err != nil {
			return err
		}
	}
	student, err := weights.Read(filepath.Join(r.Dir(), distill.StudentFile))
	if err != nil {
		return err
	}
	var further []string
	if cfg.LoRA > 0 {
		further = append(further, filepath.Join(r.Dir(), distill.LoRAFile))
	}
	if err := base.Save(e.Backend, o.out, cfg, student, further...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "wrote %s: go run ./experiments/sample --model %s --steps %s --prompt …\n", o.out, o.out, steps(cfg))
	return err
}

// inputs are what is distilled, and from which data.
func (o options) inputs(ctx context.Context, cfg distill.Config, note func(format string, args ...any)) (teachers.Teacher, dataset.Dataset, error) {
	if err := cmp.Or(o.teacher.Schedulable(cfg), o.teacher.CheckFeatures(cfg)); err != nil { // before anything is fetched
		return teachers.Teacher{}, nil, err
	}
	base, err := o.teacher.Open(ctx, note)
	if err == nil {
		err = base.Fits(cfg)
	}
	if err != nil {
		return base, nil, err
	}
	data, err := o.set.Open(ctx, base.Size(), note)
	if err != nil {
		return base, nil, err
	}
	return base, data, base.Check(data)
}

// measured compiles the programs of the training that is planned, or takes some of its steps, as asked for.
func measured(ctx context.Context, o options, cfg distill.Config, note func(format string, args ...any), stdout, stderr io.Writer) error {
	var base teachers.Teacher
	var data dataset.Dataset
	if o.timed > 0 { // what is missing is told first
		var err error
		if base, data, err = o.inputs(ctx, cfg, note); err != nil {
			return err
		}
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Fprintln(stdout, "\nengine:", e)
	if o.compiled {
		if err := o.teacher.Compiled(ctx, stdout, stderr, cfg, e, o.devices, note); err != nil || o.timed == 0 {
			return err
		}
	}
	if err := base.Affords(cfg, data, e.Memory(ctx)); err != nil {
		return err
	}
	in := distill.Inputs{Config: cfg, Bundle: base.Base, Data: data, Backend: e.Backend, Devices: o.devices}
	return teachers.Timed(ctx, stdout, stderr, in, e.Name, o.timed)
}

// steps are numbers of steps that a student draws in: one, and as many as it has times.
func steps(cfg distill.Config) string {
	n := len(cfg.Times)
	if cfg.Consistency != nil {
		n = min(n, cfg.Consistency.Grid)
	}
	if n > 1 && cfg.Form() != diffusion.ODE {
		return fmt.Sprint("1,", n)
	}
	return fmt.Sprint(n)
}

// writable wants that a new file or folder can be made, before a training that ends with it.
func writable(out string) error {
	dir := filepath.Dir(out)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("out = %s: %w", out, err)
	}
	f, err := os.CreateTemp(dir, ".distill-*")
	if err != nil {
		return fmt.Errorf("out = %s: %w", out, err)
	}
	f.Close()
	return os.Remove(f.Name())
}
