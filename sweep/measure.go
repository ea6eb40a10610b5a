package sweep

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/train"
)

// opener is record.Open, or record.TryOpen to leave to other processes what they hold.
type opener func(config any) (*record.Run, error)

// measure trains and draws. What settle does after that needs no engine.
func (s Sweep) measure(ctx context.Context, job Job, open opener) (settle func() error, err error) {
	student := ""
	if job.Train != nil {
		if student, err = s.train(ctx, job, open); err != nil || student == "" {
			return nothing, err
		}
	}
	return s.evaluate(ctx, job, open, student)
}

func nothing() error { return nil }

// train finds a finished training, or trains. It gives the file of the student, "" where the training diverged.
func (s Sweep) train(ctx context.Context, job Job, open opener) (student string, err error) {
	found, trained, err := s.findTrained(job)
	if err != nil {
		return "", err
	}
	dir := found.Dir()
	if !found.Finished() {
		run, err := open(job.Train)
		if err != nil {
			return "", err
		}
		defer run.Close()
		dir = run.Dir()
		if run.Finished() { // by another process, while this one waited
			err = run.Result(&trained)
		} else {
			cfg := job.Train.Distill
			trained, err = RecordTraining(run, cfg.Steps, func() error { return s.Worker.Train(ctx, cfg, run) })
		}
		if err != nil {
			return "", err
		}
	}
	switch {
	case trained.Diverged != "":
		return "", nil
	case found.Finished():
		err = trained.check(found)
	}
	return filepath.Join(dir, distill.StudentFile), err
}

// RecordTraining trains and finishes the run. Its result is a student, or that the training diverged. After any other error the run
// is not finished and can be continued.
func RecordTraining(run *record.Run, steps int, learn func() error) (trained Trained, err error) {
	_, _, resumed := run.LatestCheckpoint()
	began := time.Now()
	err = learn()
	trained.Steps = steps
	if !resumed {
		trained.Seconds = time.Since(began).Seconds()
	}
	switch {
	case errors.Is(err, distill.ErrDiverged):
		trained.Diverged = err.Error()
	case err != nil:
		return trained, err
	default:
		if trained.SHA256, err = weights.SHA256(filepath.Join(run.Dir(), distill.StudentFile)); err != nil {
			return trained, fmt.Errorf("sweep: %w", err)
		}
	}
	return trained, run.Finish(trained)
}

// evaluate draws a job's pictures. The run is held until settle has scored them.
func (s Sweep) evaluate(ctx context.Context, job Job, open opener, student string) (settle func() error, err error) {
	run, err := open(job.Evaluation)
	if err != nil {
		return nil, err
	}
	if run.Finished() { // by another process, while this one trained or waited
		return run.Close, nil
	}
	metrics, pictures, err := s.Worker.Evaluate(ctx, job.Evaluation, student)
	if diverged := err; errors.Is(diverged, distill.ErrDiverged) { // err is nil again when settle runs
		metrics = func() (protocol.Metrics, error) { return protocol.Metrics{}, diverged }
	} else if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	return func() error {
		defer run.Close()
		return job.settle(run, student, pictures, metrics)
	}, nil
}

func (j Job) settle(run *record.Run, student string, pictures Pictures, metrics func() (protocol.Metrics, error)) (err error) {
	result := Evaluated{Captions: pictures.Captions}
	result.Metrics, err = metrics()
	switch {
	case errors.Is(err, distill.ErrDiverged):
		result.Metrics, result.Diverged = protocol.Metrics{}, err.Error()
	case err != nil:
		return err
	case !train.Finite(result.FID, result.CLIP):
		return fmt.Errorf("sweep: FID = %g, CLIP score = %g, want numbers", result.FID, result.CLIP)
	}
	if err := writePictures(run.Dir(), pictures); err != nil {
		return err
	}
	// People look for samples next to the training's curves.
	if student != "" && j.Evaluation.Sampling.Steps == 1 && len(pictures.Images) > 0 {
		grid := newGrid(pictures.Captions, plot.GridRow{Name: "1 step", Images: pictures.Images})
		if err := atomicfile.Write(filepath.Join(filepath.Dir(student), samplesFile), grid.PNG); err != nil {
			return err
		}
	}
	return run.Finish(result)
}
