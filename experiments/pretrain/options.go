package main

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

const usage = `pretrain trains teacher, text encoder, discriminator features and evaluation networks.

  go run ./experiments/pretrain --data scenes                      all parts, into pretrained/scenes
  go run ./experiments/pretrain --data emoji                       on emoji, real pictures that are fetched once
  go run ./experiments/pretrain --data path/to/folder --scale cpu  on your own captioned pictures
  go run ./experiments/pretrain --data hf:OWNER/NAME --image image --text caption
                                                                   on a data set of the HuggingFace hub
  go run ./experiments/pretrain --parts teacher                    one part (and what it needs)
  go run ./experiments/pretrain --config mine.json                 with some fields of the preset changed
  go run ./experiments/pretrain --continue pretrained/scenes --parts teacher --rate 5e-4 --out pretrained/mine
                                                                   train the teacher further, into another bundle
  go run ./experiments/pretrain --variants teacher-l,teacher-dit   other networks for some ablations, next to the bundle's own
  go run ./experiments/pretrain --assess                           measure the networks of the bundle (with --variants: those)
  go run ./experiments/pretrain --print-config                     print the resolved config and stop

After an interruption the same command resumes from the last checkpoint. A part that is trained is not trained again while its weights exist.

`

type options struct {
	set                                           dataset.Spec
	scale, config, parts, out, runs, engine, from string
	variants, bundle                              string
	seed                                          int64
	steps                                         int
	rate                                          float64
	printConfig, assess                           bool

	given   map[string]bool // names of the flags that were typed
	command string          // as typed, for the provenance
}

func (o *options) parse(f *flag.FlagSet, args []string) error {
	o.set.Flags(f, "")
	f.StringVar(&o.scale, "scale", "cpu", "preset of sizes and steps: "+strings.Join(pretrain.Scales, ", ")+" (with --variants and --assess: the bundle's, where it is known)")
	f.StringVar(&o.config, "config", "", "JSON `file` with fields of the preset to change (--print-config prints them all)")
	f.StringVar(&o.parts, "parts", "all", "comma-separated `parts`: "+strings.Join(pretrain.Parts, ", "))
	f.StringVar(&o.out, "out", "", "`folder` of the bundle (default pretrained/<data>, or pretrained/<data>-<scale> for another scale than cpu)")
	f.StringVar(&o.runs, "runs", "results/pretrain", "`folder` of the parts' runs")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.Int64Var(&o.seed, "seed", 1, "seed of weights and batches (with --continue: the bundle's)")
	f.IntVar(&o.steps, "steps", 0, "train the teacher, every one of --variants, or with --continue all --parts, for so many `steps`")
	f.Float64Var(&o.rate, "rate", 0, "peak learning `rate` of the teacher, of every one of --variants, or with --continue of all --parts")
	f.StringVar(&o.from, "continue", "", "continue the bundle in this `folder`, with its config: train --parts (teacher, features) further and copy the rest, into the folder --out")
	f.StringVar(&o.variants, "variants", "", "comma-separated `networks` to train for an existing bundle, or all; those that it holds are not trained again")
	f.StringVar(&o.bundle, "bundle", "", "`folder` of the bundle that --variants belong to (default: the default of --out)")
	f.BoolVar(&o.assess, "assess", false, "measure the networks of the bundle, or --variants, and stop")
	program.PrintConfig(f, &o.printConfig, "the resolved config")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	o.command = strings.TrimSpace("go run ./experiments/pretrain " + strings.Join(args, " "))
	o.given = map[string]bool{}
	f.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if err := o.check(); err != nil {
		return err
	}
	o.out = cmp.Or(o.bundle, o.out, pretrain.DefaultDir(o.set.Label(), o.scale))
	return nil
}

// check refuses numbers that cannot be, and flags that would change nothing.
func (o *options) check() error {
	if _, err := pretrain.DefaultConfig(o.scale); err != nil {
		return err
	}
	if o.given["steps"] && o.steps < 1 {
		return fmt.Errorf("steps = %d, want ≥ 1", o.steps)
	}
	if o.given["rate"] && !(o.rate > 0) {
		return fmt.Errorf("rate = %g, want > 0", o.rate)
	}
	for _, c := range []struct {
		flag   string
		on     bool
		unused []string
	}{
		{"--variants", o.variants != "", []string{"seed", "config", "parts", "continue"}},
		{"--assess", o.assess, []string{"seed", "config", "parts", "continue", "steps", "rate", "n", "print-config"}},
		{"--continue", o.from != "", []string{"config"}},
		{"--bundle", o.bundle != "", []string{"out"}},
	} {
		for _, name := range c.unused {
			if c.on && o.given[name] {
				return fmt.Errorf("--%s has no effect with %s, want one of the two", name, c.flag)
			}
		}
	}
	switch {
	case o.bundle != "" && o.variants == "":
		return fmt.Errorf("bundle = %s without --variants, want --out for the folder of the bundle", o.bundle)
	case o.from != "" && (o.parts == "all" || o.out == ""):
		return fmt.Errorf("--continue %s wants the parts to train further, --parts teacher, features or both, and another folder for the bundle, --out", o.from)
	}
	return nil
}

// change sets what --steps and --rate say of a training.
func (o *options) change(t *pretrain.Training) {
	if o.steps > 0 {
		t.Steps = o.steps
	}
	if o.rate > 0 {
		t.Rate.Peak = o.rate
	}
}

// base is the config of the preset, or of the bundle to go on from, with what file and flags change.
func (o *options) base(from *pretrain.Bundle) (pretrain.Config, error) {
	cfg, err := pretrain.DefaultConfig(o.scale)
	if err != nil {
		return cfg, err
	}
	seed := o.seed
	cfg = cfg.Of(o.set, o.scale)
	if from != nil {
		cfg = from.Config
		if !o.given["seed"] {
			seed = cfg.Seed
		}
	}
	cfg.Data, cfg.Seed = o.set.Origin(), seed
	if o.config != "" {
		if err := record.Edit(o.config, &cfg); err != nil {
			return cfg, err
		}
		if cfg.Data != o.set.Origin() || cfg.Seed != seed {
			return cfg, fmt.Errorf("%s changes data or seed, want --data and --seed for that", o.config)
		}
	}
	parts := strings.Split(o.parts, ",")
	if from == nil || slices.Contains(parts, "teacher") {
		o.change(&cfg.TeacherTraining)
	}
	if from != nil && slices.Contains(parts, "features") {
		o.change(&cfg.FeaturesTraining)
	}
	return cfg, nil
}

// wanted resolves --parts; from scratch, the teacher needs the text encoder first.
func (o *options) wanted(possible []string) ([]string, error) {
	asked := possible
	if o.parts != "all" {
		asked = strings.Split(o.parts, ",")
	}
	for _, p := range asked {
		if !slices.Contains(possible, p) {
			return nil, fmt.Errorf("parts = %q, want some of %q", p, possible)
		}
	}
	teaches := slices.Contains(asked, "teacher")
	if o.from == "" && !teaches && (o.given["steps"] || o.given["rate"]) {
		return nil, fmt.Errorf("--steps and --rate are the teacher's, want it in --parts %s, or --config for other parts", o.parts)
	}
	var parts []string
	for _, p := range possible {
		if slices.Contains(asked, p) || p == "text" && teaches && o.from == "" {
			parts = append(parts, p)
		}
	}
	return parts, nil
}
