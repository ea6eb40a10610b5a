package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/program"
)

const usage = `sample draws pictures for captions from a trained student and says how long one takes.

  go run ./experiments/sample --prompt "a large red star left of a small blue ring" --steps 1,2,4
  go run ./experiments/sample --prompt "a green disc" --prompt "a yellow ring" --n 4 --teacher
  go run ./experiments/sample --prompt "a green disc" --run results/runs/0123456789ab

Without --run it takes the newest student of the default cell that ablate has trained.

`

type options struct {
	prompts                               []string
	steps                                 []int
	run, results, pretrained, engine, out string
	form                                  diffusion.Form
	teacher                               bool
	seed                                  int64
	n                                     int
}

// parse reads the command line.
func (o *options) parse(f *flag.FlagSet, args []string) error {
	f.Func("prompt", "`caption` to draw; may be repeated", func(s string) error {
		if strings.TrimSpace(s) == "" {
			return errors.New("want a caption")
		}
		o.prompts = append(o.prompts, s)
		return nil
	})
	steps := f.String("steps", "1,2,4", "numbers of student `steps`, a row for each")
	form := f.String("form", string(diffusion.Renoise), "`form` of the student's further steps: renoise, ancestral")
	f.StringVar(&o.run, "run", "", "`hash` or folder of a run, or its student.safetensors (default: the newest of the default cell)")
	f.StringVar(&o.results, "results", "results", "`folder` that ablate wrote to")
	f.StringVar(&o.pretrained, "pretrained", "", "`folder` with the networks that the student started from (default: found by their hashes)")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.BoolVar(&o.teacher, "teacher", false, "also show the teacher at 25 steps, with guidance")
	f.Int64Var(&o.seed, "seed", 1, "seed of the noise")
	f.IntVar(&o.n, "n", 1, "`pictures` per prompt")
	f.StringVar(&o.out, "out", "samples.png", "`file` for the grid")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	o.form = diffusion.Form(*form)
	switch {
	case len(o.prompts) == 0:
		return errors.New(`prompt is missing, want for instance --prompt "a large red star left of a small blue ring"`)
	case o.n < 1 || o.n*len(o.prompts) > 256:
		return fmt.Errorf("n = %d for %d prompts, want 1 to 256 pictures per row", o.n, len(o.prompts))
	case !strings.EqualFold(filepath.Ext(o.out), ".png"):
		return fmt.Errorf("out = %q, want a file that ends in .png, which is what is written", o.out)
	case o.form != diffusion.Renoise && o.form != diffusion.Ancestral:
		return fmt.Errorf("form = %q, want %s or %s", o.form, diffusion.Renoise, diffusion.Ancestral)
	}
	for part := range strings.SplitSeq(*steps, ",") {
		k, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || k < 1 {
			return fmt.Errorf("steps = %q, want numbers ≥ 1 such as 1,2,4", *steps)
		}
		o.steps = append(o.steps, k)
	}
	return nil
}
