package pretrain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// Result is the result of a network's run.
type Result struct {
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"` // of the process that finished it
}

// weightsFile holds the trained weights of a run in full precision; tunedTextFile the text encoder the teacher tuned. The others are
// files of package record that this one reads or removes by name.
const (
	weightsFile   = "weights.safetensors"
	tunedTextFile = "text.safetensors"
	resultFile    = "result.json"
	envFile       = "env.json"
)

// job is one network to train: a part or a variant.
type job struct {
	config PartConfig
	start  map[string]string // files of the initial weights, by scope
	task   func(store *model.Store) (train.Task, error)
	keep   map[string]string // scopes of the trained weights, by file of the run
}

// partJob trains a part from its start, whose name enters the hash of the run.
func (c *Trainer) partJob(part string, from start) (job, error) {
	if part == "teacher" && from.name == "" {
		return job{}, fmt.Errorf("pretrain: the teacher starts from a text encoder, want the text part trained with it")
	}
	cfg, err := c.PartConfig(part, from.name)
	keep := map[string]string{weightsFile: scopes[part]}
	if part == "teacher" {
		keep[tunedTextFile] = c.Config.teacherText()
	}
	return job{cfg, from.files, func(store *model.Store) (train.Task, error) { return c.Task(part, store) }, keep}, err
}

func (c *Trainer) variantJob(v Variant, b *Bundle) (job, error) {
	if err := v.Validate(); err != nil {
		return job{}, err
	}
	cfg, err := c.variantConfig(v, b.Files["text"])
	var start map[string]string
	if v.Part == "teacher" {
		start = map[string]string{"/text": b.path("text")}
	}
	return job{cfg, start, func(store *model.Store) (train.Task, error) { return c.variantTask(v, store) }, map[string]string{weightsFile: v.scope()}}, err
}

// run trains in o.Runs/<hash>, or finds the network trained, and returns the run's folder.
func (j job) run(ctx context.Context, o Options) (dir string, p Provenance, err error) {
	env := record.NewEnvironment(o.Engine.Name, o.Engine.Version, o.Engine.Device)
	run, err := openRun(ctx, o.Runs, j.config, env, o.Out, slices.Collect(maps.Keys(j.keep))...)
	if err != nil {
		return "", p, err
	}
	defer run.Close()
	if run.Finished() {
		fmt.Fprintf(o.Out, "%s: trained already, %s\n", j.config.Part, run.Dir())
	} else if err := j.train(ctx, run, o.Out); err != nil {
		return "", p, err
	}
	var result Result
	if err := run.Result(&result); err != nil {
		return "", p, err
	}
	p = Provenance{Command: o.Command, Steps: result.Steps, Seconds: result.Seconds, Run: filepath.Base(run.Dir())}
	return run.Dir(), p, record.ReadJSON(filepath.Join(run.Dir(), envFile), &p.Environment)
}

func (j job) train(ctx context.Context, run *record.Run, out io.Writer) error {
	store := model.NewStore()
	for scope, path := range j.start {
		file, err := weights.ReadAny(path)
		if err != nil {
			return err
		}
		if err := weights.Into(store, scope, file); err != nil {
			return fmt.Errorf("pretrain: %s: %w", path, err)
		}
	}
	task, err := j.task(store)
	if err != nil {
		return err
	}
	progress, began := train.NewProgress(out), time.Now()
	progress.Batch = j.config.Training.Batch
	if err := task.Run(ctx, run, progress); err != nil {
		return err
	}
	for name, scope := range j.keep {
		file, err := weights.FromStore(store, scope)
		if err != nil {
			return err
		}
		if err := weights.Write(filepath.Join(run.Dir(), name), file, weights.F32); err != nil {
			return err
		}
	}
	return run.Finish(Result{Steps: task.Steps, Seconds: time.Since(began).Seconds()})
}

// openRun begins or resumes the run of a config in root, or finds it finished with its weights, which are the files. A run that is
// finished but lacks them begins again: a checkout of the repository has the results of runs, not their weights.
func openRun(ctx context.Context, root string, cfg PartConfig, env record.Environment, out io.Writer, files ...string) (*record.Run, error) {
	for {
		run, err := record.Open(ctx, root, cfg, env)
		if err != nil {
			return nil, err
		}
		if !run.Finished() {
			if err := renewEnvironment(run, env); err != nil {
				return nil, errors.Join(fmt.Errorf("pretrain: %w", err), run.Close())
			}
			return run, nil
		}
		missing := func(name string) bool {
			_, err := os.Stat(filepath.Join(run.Dir(), name))
			return errors.Is(err, fs.ErrNotExist)
		}
		if !slices.ContainsFunc(files, missing) {
			return run, nil
		}
		fmt.Fprintf(out, "%s: trained elsewhere, its weights are not here: training it again\n", cfg.Part)
		if err := run.Close(); err != nil {
			return nil, err
		}
		// Without its result the run counts as begun. Of several processes Open lets one train; the others wait.
		if err := forget(filepath.Join(run.Dir(), resultFile)); err != nil {
			return nil, err
		}
	}
}

// renewEnvironment makes env the only environment of a run that starts over.
func renewEnvironment(run *record.Run, env record.Environment) error {
	if _, _, ok := run.LatestCheckpoint(); ok {
		return nil
	}
	old, err := fs.Glob(os.DirFS(run.Dir()), "env*.json")
	if err != nil || len(old) < 2 { // the only one is this start's
		return err
	}
	for _, name := range old {
		if err := os.Remove(filepath.Join(run.Dir(), name)); err != nil {
			return err
		}
	}
	return record.WriteJSON(filepath.Join(run.Dir(), envFile), env)
}
