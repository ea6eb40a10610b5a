package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

const usage = `ablate trains and scores the cells of an ablation axis and prints its table.

  go run ./experiments/ablate --axis disc-cond               what should the discriminator be told? (ADD Table 1b)
  go run ./experiments/ablate --axis loss,lambda --seeds 4   two axes, four seeds; the cell they share is trained once
  go run ./experiments/ablate --axis all --scale gpu         everything, on a GPU
  go run ./experiments/ablate --list                         the axes and their cells
  go run ./experiments/ablate --axis loss --cells both-exp,both-sds --config mine.json  two cells, other fields changed for both
  go run ./experiments/ablate --axis all --seeds 4 --dry-run  what that would run, and how long it should take
  go run ./experiments/ablate --axis all --seeds 4 --no-train  the tables of what is finished, while the rest is running elsewhere
  go run ./experiments/ablate --axis all --seeds 4 --processes 4  four processes, each on a quarter of the cores, share it
  go run ./experiments/ablate --axis all --seeds 8 --slurm 16 --sbatch=--gpus=1  16 jobs of a cluster share it
  go run ./experiments/ablate --axis levers --probe 240      how soon each discriminator sees what is wrong, a minute a cell
  go run ./experiments/ablate --axis student-steps --sampler dpmpp2m,unipc  the teacher at few steps by two solvers
  go run ./experiments/ablate --axis teacher --pretrain      with the networks that are missing trained first
  go run ./experiments/ablate --axis disc-cond --print-config  print the resolved config of every cell and stop
  go run ./experiments/ablate --axis disc-cond --scale smoke --out /tmp/smoke       a toy, in about a minute
  go run ./experiments/ablate --axis disc-cond --data path/to/folder                on the pictures you pretrained on
  go run ./experiments/ablate --teacher FOLDER --data SHARDS --features FILE --axis disc-cond  of Stable Diffusion (docs/models.md)
  go run ./experiments/ablate --teacher FOLDER --axis disc-cond --plan  what a training of it holds in memory and writes to disk

What is finished is never repeated: interrupted, the same command resumes; called again, it prints its table at once.
Flags have the forms --axis and -axis.

`

type options struct {
	set                                                                                     dataset.Spec
	axis, cells, samplers, scale, seeds, engine, out, pretrained, reference, config, sbatch string
	steps, images, watch, probe, processes, among, devices, slurm, timed                    int
	list, printConfig, dryRun, pretrain, noTrain, plan, compiled                            bool

	teacher         teachers.Spec // Name is "" for a bundle's teacher
	extractor, clip string        // extractors that score the students of such a teacher
	weights         weightFiles   // of these

	args  []string // as typed
	flags []string // those that a task of Slurm is given, as --name=value
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.StringVar(&o.axis, "axis", "disc-cond", "`axes` separated by commas, or all")
	f.StringVar(&o.cells, "cells", "", "only these `cells` of the axis, separated by commas")
	f.StringVar(&o.samplers, "sampler", "", "`samplers` of the teacher, separated by commas, where an axis measures it at few steps: "+diffusion.SolverNames()+" (default: dpmpp2m)")
	f.StringVar(&o.scale, "scale", "cpu", "`size` of the runs: "+strings.Join(distill.Scales, ", ")+"; "+distill.LatentScale+" with --teacher")
	f.StringVar(&o.seeds, "seeds", "1", "`number` of seeds per cell, or a list such as 0-5 or 1,3,8-10; 3, is seed 3 alone")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.StringVar(&o.out, "out", "", "`folder` for tables, pictures and runs (default: results, results/data/<name> for other data than scenes, and results/published/<name> with --teacher)")
	o.set.Flags(f, "")
	f.StringVar(&o.pretrained, "pretrained", "", "`folder` with the networks to start from (default: pretrained/<data>, or pretrained/<data>-<scale> beside the cpu scale)")
	f.StringVar(&o.reference, "reference", "", "`folder` of committed results: shown beside, and its scores of real pictures and teacher are taken over (default: results/reference, or data/<name> in it)")
	f.StringVar(&o.config, "config", "", "JSON `file` with fields of the config to change in every cell (--print-config prints them all)")
	f.IntVar(&o.images, "images", 0, "score so many `pictures` instead of the scale's")
	f.IntVar(&o.steps, "steps", 0, "train every student for so many `steps` instead of the scale's")
	f.IntVar(&o.watch, "watch", 0, "score 500 pictures of a student in training about every so many `steps`, on captions that no table uses")
	f.IntVar(&o.probe, "probe", 0, "train the discriminator of every cell alone for so many `steps`, print how well it tells pictures apart, and stop")
	f.IntVar(&o.processes, "processes", 1, "let so many `processes` share the sweep, each on its part of the cores")
	f.IntVar(&o.among, "among", 0, "be one of so many `processes` that share the sweep, and print no table (--processes starts them)")
	f.IntVar(&o.devices, "devices", 1, "let so many `devices` of the engine share every batch of a training")
	f.IntVar(&o.slurm, "slurm", 0, "submit the sweep to Slurm: so many `tasks` of a job array share it, and a job after them makes the tables")
	f.StringVar(&o.sbatch, "sbatch", "", "`options` of sbatch for every task of --slurm, as a line #SBATCH has them")
	f.BoolVar(&o.pretrain, "pretrain", false, "train networks that the axes ask for and the bundle lacks; without it they are named, with the command")
	f.BoolVar(&o.noTrain, "no-train", false, "make the tables of what is finished, and train and score nothing")
	o.teacher.Flags(f)
	f.StringVar(&o.extractor, "extractor", "efficientnet-lite0", "with --teacher: `extractor` of FID, precision and recall")
	f.StringVar(&o.clip, "clip", "", "with --teacher: `extractor` of the CLIP score, such as clip-l14 (default: none, and no CLIP score)")
	f.Var(&o.weights, "weights", "with --teacher: `KIND=FILE`, the weights of an extractor where it does not find them by itself; may be given twice")
	f.BoolVar(&o.plan, "plan", false, "with --teacher: print what a training holds in memory and writes to disk, and stop")
	f.BoolVar(&o.compiled, "compiled", false, "with --plan compile the programs of a step of the default cell, which takes minutes, and print the memory that they need")
	f.IntVar(&o.timed, "timed", 0, "with --plan take so many `steps` of the default cell, which are not kept, and print their time and memory")
	f.BoolVar(&o.list, "list", false, "list the axes and stop")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be run, what is done already and how long the rest should take, and stop")
	program.PrintConfig(f, &o.printConfig, "the resolved config of every cell")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) {
		given[f.Name] = true
		if f.Name != "slurm" && f.Name != "sbatch" && f.Name != "dry-run" {
			o.flags = append(o.flags, typed(f)...)
		}
	})
	for name, value := range map[string]int{"steps": o.steps, "images": o.images, "watch": o.watch, "probe": o.probe, "among": o.among, "slurm": o.slurm} {
		if given[name] && value < 1 {
			return fmt.Errorf("%s = %d, want ≥ 1", name, value)
		}
	}
	if err := o.checkTeacher(given); err != nil {
		return err
	}
	if o.probe%probeEvery != 0 {
		return fmt.Errorf("probe = %d, want a multiple of %d, the steps of a column", o.probe, probeEvery)
	}
	if o.probe > 0 && (o.dryRun || o.noTrain || o.processes > 1 || o.watch > 0) {
		return errors.New("probe trains the heads alone, want it without dry-run, no-train, processes and watch")
	}
	if given["sbatch"] && o.slurm == 0 {
		return fmt.Errorf("sbatch = %q, want --slurm beside it, the number of tasks", o.sbatch)
	}
	if o.slurm > 0 && (o.processes > 1 || o.among > 0 || o.probe > 0 || o.noTrain || o.printConfig) {
		return errors.New("slurm submits a sweep, want it without processes, among, probe, no-train and print-config")
	}
	if o.devices < 1 {
		return fmt.Errorf("devices = %d, want ≥ 1", o.devices)
	}
	if o.devices > 1 && (o.processes > 1 || o.probe > 0) {
		return errors.New("devices share a training, want it without processes and probe")
	}
	if o.processes < 1 || o.processes > runtime.NumCPU() {
		return fmt.Errorf("processes = %d, want 1 to %d, the cores here", o.processes, runtime.NumCPU())
	}
	o.args = args
	if o.teacher.Name != "" {
		return engine.Check(o.engine) // the folder is known once the teacher is open
	}
	o.out = cmp.Or(o.out, sweep.FolderOf("results", o.set))
	if o.reference != "" && o.reference != o.out { // this call may make it
		if _, err := os.Stat(o.reference); err != nil {
			return fmt.Errorf("reference = %q, want a folder of results: %w", o.reference, err)
		}
	}
	o.reference = cmp.Or(o.reference, sweep.FolderOf(filepath.Join("results", "reference"), o.set))
	return engine.Check(o.engine)
}

func (o options) looks() bool { return o.printConfig || o.dryRun || o.noTrain }

// command is the command as typed, for the provenance of pretrained networks.
func (o options) command() string {
	return strings.TrimSpace("go run ./experiments/ablate " + strings.Join(o.args, " "))
}

func (o options) base() (distill.Config, error) {
	cfg, err := distill.DefaultConfig(o.scale)
	if o.teacher.Name != "" {
		cfg, err = o.teacher.Preset("add")
	}
	if err != nil {
		return cfg, err
	}
	if o.config != "" {
		preset, told := cfg, cfg
		told.Pure = -1
		if err := record.Edit(o.config, &cfg); err != nil {
			return cfg, err
		}
		if err := record.Edit(o.config, &told); err == nil && told.Pure < 0 { // another batch keeps the share that the file does not name
			cfg.Pure = preset.WithBatch(cfg.Batch).Pure
		}
		if cfg.Scale != preset.Scale || cfg.Seed != preset.Seed {
			return cfg, fmt.Errorf("%s changes scale or seed, want --scale and --seeds for that", o.config)
		}
	}
	if o.steps > 0 {
		cfg = cfg.WithSteps(o.steps)
	}
	if cfg.Batch%max(1, o.devices) != 0 {
		return cfg, fmt.Errorf("devices = %d, want a divisor of batch = %d", o.devices, cfg.Batch)
	}
	return cfg, cfg.Validate()
}

func (o options) axes() ([]ablations.Axis, error) {
	axes, err := ablations.Parse(o.axis)
	if err != nil {
		return axes, err
	}
	if o.samplers != "" {
		if err := o.setSamplers(axes); err != nil {
			return nil, err
		}
	}
	if o.cells == "" {
		return axes, nil
	}
	if len(axes) > 1 {
		return nil, fmt.Errorf("cells = %q for %d axes, want one axis", o.cells, len(axes))
	}
	axes[0], err = axes[0].Only(strings.Split(strings.ReplaceAll(o.cells, " ", ""), ","))
	return axes, err
}

// setSamplers says which samplers take the teacher's few steps.
func (o options) setSamplers(axes []ablations.Axis) error {
	solvers, err := diffusion.ParseSolvers(o.samplers)
	if err != nil {
		return err
	}
	used := false
	for i := range axes {
		axes[i].Solvers = solvers
		used = used || len(axes[i].SolverSteps) > 0
	}
	if !used {
		return fmt.Errorf("--sampler has no effect: --axis %s does not measure the teacher at few steps, as student-steps does", o.axis)
	}
	return nil
}

func (o options) runs() string { return filepath.Join(o.out, "runs") }

func (o options) sweep(plan *sweep.Plan) (s sweep.Sweep, err error) {
	s.Plan = plan
	if s.Runs, err = record.OpenRuns(o.runs()); err != nil {
		return s, err
	}
	if dir := filepath.Join(o.reference, "runs"); dir != s.Runs.Dir() {
		committed, err := record.OpenRuns(dir)
		if err != nil {
			return s, err
		}
		s.Finished = append(s.Finished, committed)
	}
	return s, nil
}

func (o options) bundleDir() string {
	return cmp.Or(o.pretrained, pretrain.DefaultDir(o.set.Label(), o.scale))
}
