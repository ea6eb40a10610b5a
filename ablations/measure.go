package ablations

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/score"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/weights"
)

// opener is record.Open, or record.TryOpen where others' work is not waited for.
type opener func(config any) (*record.Run, error)

// measure trains and evaluates what a job needs.
func (o Options) measure(ctx context.Context, job Job, open opener) (Outcome, error) {
	student := ""
	if job.Train != nil {
		dir, trained, err := o.train(ctx, job, open)
		if err != nil || trained.Diverged != "" {
			return Outcome{Job: job, Evaluated: Evaluated{Diverged: trained.Diverged}, Dirs: []string{dir}}, err
		}
		student = filepath.Join(dir, distill.StudentFile)
	}
	if err := o.evaluate(ctx, job, open, student); err != nil {
		return Outcome{}, err
	}
	outcome, _, err := o.find(job)
	return outcome, err
}

// train finds a finished training with its student, or makes one.
func (o Options) train(ctx context.Context, job Job, open opener) (dir string, trained Trained, err error) {
	dir, trained, err = o.findTrained(job)
	if err != nil {
		return "", trained, err
	}
	if dir != "" && trained.Diverged == "" {
		path := filepath.Join(dir, distill.StudentFile)
		have, err := weights.SHA256(path)
		switch {
		case err == nil && have == trained.SHA256:
			return dir, trained, nil
		case err == nil:
			return "", trained, fmt.Errorf("ablations: %s has SHA-256 %.12s…, want %.12s… as its result.json says: remove %s to train it again", path, have, trained.SHA256, dir)
		default: // results that came through git have no weights
			return "", trained, fmt.Errorf("ablations: %w: remove %s to train it again", err, dir)
		}
	}
	if trained.Diverged != "" {
		return dir, trained, nil
	}

	run, err := open(job.Train)
	if err != nil {
		return "", trained, err
	}
	defer run.Close()
	if run.Finished() { // by another process, while this one waited
		return run.Dir(), trained, run.Result(&trained)
	}
	began := time.Now()
	cfg := job.Train.Distill
	err = o.Trainer.Train(ctx, cfg, run)
	trained = Trained{Steps: cfg.Steps, Seconds: time.Since(began).Seconds()}
	switch {
	case errors.Is(err, distill.ErrDiverged):
		trained.Diverged = err.Error()
	case err != nil:
		return "", trained, err
	default:
		if trained.SHA256, err = weights.SHA256(filepath.Join(run.Dir(), distill.StudentFile)); err != nil {
			return "", trained, fmt.Errorf("ablations: %w", err)
		}
	}
	return run.Dir(), trained, run.Finish(trained)
}

// evaluate scores a job and draws its samples into a record.
func (o Options) evaluate(ctx context.Context, job Job, open opener, student string) error {
	run, err := open(job.Evaluation)
	if err != nil {
		return err
	}
	defer run.Close()
	if run.Finished() {
		return nil
	}
	var result Evaluated
	var pictures Pictures
	result.Metrics, pictures, err = o.Evaluator.Evaluate(ctx, job.Evaluation, student)
	switch {
	case errors.Is(err, distill.ErrDiverged):
		result.Metrics, result.Diverged = score.Metrics{}, err.Error()
	case err != nil:
		return err
	case !train.Finite(result.FID, result.CLIP):
		return fmt.Errorf("ablations: FID = %g, CLIP score = %g, want numbers", result.FID, result.CLIP)
	}
	if err := writePictures(run.Dir(), pictures); err != nil {
		return err
	}
	// The samples stand beside the training's curves, where people look for them.
	if student != "" && job.Evaluation.Sampling.Steps == 1 {
		if err := writeGrid(filepath.Join(filepath.Dir(student), samplesFile), "1 step", pictures); err != nil {
			return err
		}
	}
	result.Captions = pictures.Captions
	return run.Finish(result)
}
