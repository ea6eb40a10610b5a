package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/record"
)

const usage = `distill trains a student of a latent diffusion model that draws in one to four steps, and saves it as a model that diffusers opens.
It distils the networks of EDM as well.

  go run ./experiments/distill --teacher FOLDER --data SHARDS --features dinov2_vits14_pretrain.pth --out student
  go run ./experiments/distill --teacher OWNER/NAME --data hf:OWNER/NAME --method ladd --features FILE --out student
  go run ./experiments/distill --teacher FOLDER --data SHARDS --features FILE --lora 64 --out student
  go run ./experiments/distill --teacher FOLDER --method lcm --config mine.json --print-config
  go run ./experiments/distill --teacher edm-cifar10-32x32-cond-vp.pkl --data cifar10 --features FILE --out student.safetensors
  go run ./experiments/distill --teacher FOLDER --plan             what a training holds in memory and writes to disk
  go run ./experiments/distill --teacher FOLDER --plan --compiled  and its activations, as XLA compiles them
  go run ./experiments/distill --teacher FOLDER --data SHARDS --features FILE --plan --timed 3   and how long it takes, by three steps

After an interruption the same command resumes from the last checkpoint.

`

type options struct {
	teacher                                      teachers.Spec
	method, config, out, runs, engine, precision string
	set                                          dataset.Spec
	steps, devices, lora, timed                  int
	seed                                         int64
	seeded, plan, compiled, printConfig          bool // seeded: --seed was typed
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	o.teacher.Flags(f)
	o.set.Flags(f, " to learn from")
	f.StringVar(&o.method, "method", "add", "`preset`: "+strings.Join(distill.LatentMethods, ", ")+"; --config may name others")
	f.StringVar(&o.config, "config", "", "JSON `file` with fields of the preset to change (--print-config prints them all)")
	f.IntVar(&o.lora, "lora", 0, "train a LoRA of this `rank` in attention in place of the whole U-Net")
	f.StringVar(&o.precision, "precision", "", "bf16 multiplies in bfloat16, on XLA engines (`type`; default: float32)")
	f.IntVar(&o.steps, "steps", 0, "train for so many `steps` instead of the preset's")
	f.Int64Var(&o.seed, "seed", 1, "seed of batches and noise")
	f.StringVar(&o.out, "out", "student", "`folder` of the finished student; of EDM's a file")
	f.StringVar(&o.runs, "runs", "results/latent", "`folder` of runs, with metrics and checkpoints")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.IntVar(&o.devices, "devices", 1, "let so many `devices` of the engine share every batch")
	f.BoolVar(&o.plan, "plan", false, "print what a training holds in memory and writes to disk, and stop")
	f.BoolVar(&o.compiled, "compiled", false, "with --plan compile the programs of a step, which takes minutes, and print the memory that they need, activations included")
	f.IntVar(&o.timed, "timed", 0, "with --plan take so many `steps`, which are not kept, and print their time and memory")
	program.PrintConfig(f, &o.printConfig, "the resolved config")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	o.seeded, o.out = given["seed"], filepath.Clean(o.out)
	if o.printConfig {
		return nil
	}
	untrained := o.plan && o.timed == 0
	switch err := o.teacher.Check(); {
	case given["steps"] && o.steps < 1:
		return fmt.Errorf("steps = %d, want ≥ 1", o.steps)
	case given["lora"] && o.lora < 1:
		return fmt.Errorf("lora = %d, want ≥ 1", o.lora)
	case o.devices < 1:
		return fmt.Errorf("devices = %d, want ≥ 1", o.devices)
	case given["timed"] && (!o.plan || o.timed < 1):
		return fmt.Errorf("timed = %d, want ≥ 1, with --plan", o.timed)
	case o.compiled && !o.plan:
		return errors.New("compiled says what a plan prints, want --plan beside it")
	case !given["data"] && !untrained && o.teacher.Name != "":
		return errors.New("data is missing, want captioned pictures to learn from (docs/data.md)")
	case err != nil:
		return err
	}
	if o.teacher.EDM() && filepath.Ext(o.out) == "" {
		o.out += ".safetensors"
	}
	return engine.Check(o.engine)
}

// base is the config of the preset with what file and flags change.
func (o options) base() (distill.Config, error) {
	cfg, err := o.teacher.Preset(o.method)
	if err != nil {
		return cfg, err
	}
	if o.config != "" {
		if err := record.Edit(o.config, &cfg); err != nil {
			return cfg, err
		}
	}
	if o.seeded {
		cfg.Seed = o.seed
	}
	if o.precision != "" {
		cfg.Precision = o.precision
	}
	if o.lora > 0 {
		cfg.LoRA = o.lora
	}
	if o.steps > 0 {
		cfg = cfg.WithSteps(o.steps)
	}
	return cfg, cfg.Validate()
}
