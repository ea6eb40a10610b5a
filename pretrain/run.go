package pretrain

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// PartResult is the result of a part's run.
type PartResult struct {
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"` // of the process that finished it
}

// weightsFile holds the trained weights of a part's run in full precision; tunedTextFile the text encoder the teacher tuned.
const (
	weightsFile   = "weights.safetensors"
	tunedTextFile = "text.safetensors"
)

// trainPart trains one part in root/<hash>, or finds it trained, and returns its run's folder.
func (c *Trainer) trainPart(ctx context.Context, root, part string, from start, env record.Environment, out io.Writer) (dir string, err error) {
	if part == "teacher" && from.name == "" {
		return "", fmt.Errorf("pretrain: the teacher starts from a text encoder, want the text part trained with it")
	}
	cfg, err := c.PartConfig(part, from.name)
	if err != nil {
		return "", err
	}
	files := []string{weightsFile}
	if part == "teacher" {
		files = append(files, tunedTextFile)
	}
	run, err := openRun(ctx, root, cfg, env, out, files...)
	if err != nil {
		return "", err
	}
	defer run.Close()
	if run.Finished() {
		fmt.Fprintf(out, "%s: trained already, %s\n", part, run.Dir())
		return run.Dir(), nil
	}
	store := model.NewStore()
	if err := from.into(store); err != nil {
		return "", err
	}
	task, err := c.Task(part, store)
	if err != nil {
		return "", err
	}
	save := map[string]string{weightsFile: Scope(part)}
	if part == "teacher" {
		save[tunedTextFile] = c.Config.TextScope()
	}
	return run.Dir(), finish(ctx, run, task, cfg.Training.Batch, save, out)
}

// finish trains to the end, saves the scopes of the task's store by file and finishes the run.
func finish(ctx context.Context, run *record.Run, task train.Task, batch int, save map[string]string, out io.Writer) error {
	progress := train.NewProgress(out)
	progress.SetBatch(batch)
	began := time.Now()
	if err := task.Run(ctx, run, progress); err != nil {
		return err
	}
	for name, scope := range save {
		file, err := weights.FromStore(task.Store, scope)
		if err != nil {
			return err
		}
		if err := weights.Write(filepath.Join(run.Dir(), name), file, weights.F32); err != nil {
			return err
		}
	}
	return run.Finish(PartResult{Steps: task.Steps, Seconds: time.Since(began).Seconds()})
}

// Collect brings the trained weights of the parts' runs into stores below the scopes that a bundle uses. The text encoder is
// the one that the teacher tuned, if the teacher is there.
func Collect(dirs map[string]string) (map[string]*model.Store, error) {
	paths := map[string]string{}
	for part, dir := range dirs {
		paths[part] = filepath.Join(dir, weightsFile)
	}
	if teacher, ok := dirs["teacher"]; ok {
		paths["text"] = filepath.Join(teacher, tunedTextFile)
	}
	stores := map[string]*model.Store{}
	for part, path := range paths {
		stores[part] = model.NewStore()
		from := start{files: map[string]string{"/" + part: path}}
		if err := from.into(stores[part]); err != nil {
			return nil, err
		}
	}
	return stores, nil
}
