package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
)

const usage = `sample draws pictures for captions from a student, beside its teacher, and says how long one takes.

  go run ./experiments/sample --prompt "a large red star left of a small blue ring"
  go run ./experiments/sample --prompt "a green star" --prompt "a yellow ring" --n 4 --steps 1,2,4
  go run ./experiments/sample --prompt "a green star" --run results/runs/0123456789ab
  go run ./experiments/sample --data emoji --prompt "tiger face, noto style"   a student of another dataset
  go run ./experiments/sample --prompt "a green star" --teacher-steps 4 --sampler ddim,dpmpp2m,unipc   the teacher by other solvers
  go run ./experiments/sample --run results/runs/0123456789ab --ship "ADD, 800 steps"   put a student into the bundle
  go run ./experiments/sample --run results/runs/0123456789ab --ship "regression" --as student-regression   as one that others start from
  go run ./experiments/sample --run results/runs/0123456789ab --export student   a folder for DiffusionPipeline.from_pretrained of diffusers

  go run ./experiments/sample --prompt "a fox" --model stabilityai/sd-turbo --steps 1,4   Stable Diffusion 1, 2 or XL
  go run ./experiments/sample --prompt "7,3" --model edm-cifar10-32x32-cond-vp.pkl --steps 18   classes, by a model of EDM
  go run ./experiments/sample --model student.safetensors --steps 1 --n 50000 --pictures drawn/   pictures of all classes, for evaluate

Without --run it takes your newest student of the default cell, and without one the student that is shipped with the networks.
With --data both are those of this dataset.
Unknown words are named, with those that the networks know.

`

// maxPictures are those of a row.
const maxPictures = 256

// ofExport are the flags that --export goes with.
var ofExport = []string{"export", "run", "results", "pretrained", "data", "form", "engine"}

type options struct {
	prompts                               []string
	steps                                 []int
	run, results, pretrained, engine, out string
	ship, as, export                      string
	set                                   dataset.Spec
	form                                  diffusion.Form
	samplers                              []diffusion.Sampler
	teacher, ofData                       bool // ofData: --data was typed
	seed                                  int64
	n, teacherSteps                       int
	model                                 modelOptions
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
	steps := f.String("steps", "1", "numbers of student `steps`, a row for each")
	form := f.String("form", "", "`form` of the student's further steps: renoise, ancestral, ode (default: what it was trained for)")
	f.StringVar(&o.run, "run", "", "`hash` or folder of a run, its student.safetensors, or shipped (default: your newest of the default cell, else shipped)")
	f.StringVar(&o.results, "results", "results", "`folder` that ablate wrote to")
	f.StringVar(&o.pretrained, "pretrained", "", "`folder` with the networks that the student started from (default: found by their hashes)")
	f.StringVar(&o.engine, "engine", "", "`engine`: xla, xla:cuda, xla:cpu, onnx, go (default: the best one here)")
	f.BoolVar(&o.teacher, "teacher", true, "show the teacher, with guidance")
	f.IntVar(&o.teacherSteps, "teacher-steps", 25, "`steps` of the teacher")
	samplers := f.String("sampler", diffusion.DPMSolverPP2M{}.Name(), "`samplers` of the teacher, a row for each: "+diffusion.SolverNames()+"; of --model also lcm and pndm, and its own where none is named")
	f.Int64Var(&o.seed, "seed", 1, "seed of the noise")
	f.IntVar(&o.n, "n", 1, "`pictures` per prompt")
	f.StringVar(&o.ship, "ship", "", "score the student of --run, put it into the bundle that it started from, and stop; the `recipe` says how it was trained, --data on what it is scored (default: the built-in world of its networks)")
	f.StringVar(&o.as, "as", "", "`name` for --ship, such as student-regression: put the student beside the shipped one, for trainings to start from by student_net (default: replace the shipped one)")
	f.StringVar(&o.export, "export", "", "write the student into a new `folder` that diffusers draws with, and stop (docs/models.md)")
	o.set.Flags(f, " of the student, or that --ship scores on")
	o.model.flags(f)
	f.StringVar(&o.out, "out", "samples.png", "`file` for the grid")
	if err := program.Flags(f, args); err != nil {
		return err
	}
	o.form = diffusion.Form(*form)
	err := o.model.parse(f, *samplers)
	if err == nil && o.model.name == "" {
		o.samplers, err = diffusion.ParseSolvers(*samplers)
	}
	if err != nil {
		return err
	}
	typed := false
	f.Visit(func(given *flag.Flag) { typed = typed || given.Name == "steps" })
	if o.model.edm() && !typed && strings.EqualFold(filepath.Ext(o.model.name), ".pkl") { // others are students
		*steps = "18" // EDM's own for CIFAR-10
	}
	f.Visit(func(given *flag.Flag) { // no row would show it
		if (given.Name == "sampler" || given.Name == "teacher-steps") && !o.teacher {
			err = fmt.Errorf("--%s has no effect with --teacher=false, want one of the two", given.Name)
		}
		if given.Name == "export" && o.export == "" {
			err = errors.New("export is empty, want a folder")
		}
		if o.export != "" && !slices.Contains(ofExport, given.Name) {
			err = cmp.Or(err, fmt.Errorf("--%s has no effect with --export", given.Name))
		}
		o.ofData = o.ofData || given.Name == "data"
	})
	if err == nil {
		err = engine.Check(o.engine)
	}
	switch {
	case err != nil:
		return err
	case o.ship == "" && (o.set.Image != "" || o.set.Text != ""):
		return fmt.Errorf("%s: columns have no effect without --ship, which scores on them", o.set)
	case o.ship == "" && o.ofData && o.run != "" && o.run != shipped:
		return fmt.Errorf("%s has no effect with --run %s, want one of the two", o.set, o.run)
	case o.ship == "" && o.as != "":
		return fmt.Errorf("--as %s has no effect without --ship", o.as)
	case o.as != "" && !pretrain.NamesStudent(o.as):
		return fmt.Errorf("as = %q, want a word that begins with student-", o.as)
	case o.ship != "" && o.run == "":
		return errors.New("run is missing, want the one whose student is to be shipped")
	case o.ship != "" && o.run == shipped:
		return fmt.Errorf("run = %q, want one that was trained here", shipped)
	case len(o.prompts) == 0 && o.ship == "" && o.export == "" && !o.model.edm(): // which may know no classes
		return errNoPrompt
	case o.model.pictures != "" && o.n < 1:
		return fmt.Errorf("n = %d, want ≥ 1 pictures", o.n)
	case o.model.pictures != "" && (strings.Contains(*steps, ",") || len(o.model.samplers) > 1):
		return errors.New("pictures are of one row, want one number of steps and one sampler")
	case o.model.pictures == "" && (o.n < 1 || o.n*max(1, len(o.prompts)) > maxPictures):
		return fmt.Errorf("n = %d for %d prompts, want 1 to %d pictures per row", o.n, len(o.prompts), maxPictures)
	case !strings.EqualFold(filepath.Ext(o.out), ".png"):
		return fmt.Errorf("out = %q, want a file that ends in .png, which is what is written", o.out)
	case o.form != "" && !slices.Contains(diffusion.Forms, o.form):
		return fmt.Errorf("form = %q, want one of %q", o.form, diffusion.Forms)
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
