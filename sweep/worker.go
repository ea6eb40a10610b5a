package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

const samplesShown = 8

// EngineWorker trains and evaluates on an engine. The evaluator is made when it is first needed.
type EngineWorker struct {
	Inputs Inputs
	Engine func(ctx context.Context) (*engine.Engine, error) // opens it once, and gives the same one afterwards
	Out    io.Writer

	WatchEvery int // steps between two glances at a student in training; 0 for none
	Devices    int // of the engine that share a training; 0 for one

	evaluators map[protocol.Setup]*protocol.Evaluator
	extractors *protocol.Extractors // of a published teacher, once they are open
	trainer    distill.Trainer
}

var _ Worker = (*EngineWorker)(nil)

// Environment implements Worker; it opens the engine.
func (w *EngineWorker) Environment(ctx context.Context) (record.Environment, error) {
	e, err := w.Engine(ctx)
	if err != nil {
		return record.Environment{}, err
	}
	device := e.Device
	if w.Devices > 1 {
		device = fmt.Sprintf("%s, %d devices", device, w.Devices)
	}
	return record.NewEnvironment(e.Name, e.Version, device), nil
}

// Train implements Worker.
func (w *EngineWorker) Train(ctx context.Context, cfg distill.Config, run *record.Run) error {
	e, err := w.Engine(ctx)
	if err != nil {
		return err
	}
	in := distill.Inputs{Config: cfg, Bundle: w.Inputs.Base(), Data: w.Inputs.Data, Backend: e.Backend, Devices: w.Devices}
	if in.Watch, err = w.watch(ctx, cfg, run); err != nil {
		return err
	}
	if w.Inputs.Published == nil { // large networks do not wait for another seed
		w.trainer.Keep = e.Keeps()
	}
	return w.trainer.Train(ctx, in, run, train.NewProgress(w.Out))
}

// Evaluate implements Worker.
func (w *EngineWorker) Evaluate(ctx context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	evaluator, err := w.open(ctx, w.Inputs.Setup)
	if err != nil {
		return nil, Pictures{}, err
	}
	prompts := evaluator.First(samplesShown)
	p := Pictures{Captions: prompts.Captions, Images: evaluator.Pictures(prompts.Images)}
	if e.Subject == Real {
		sample, err := evaluator.Real(ctx)
		if err != nil {
			return nil, p, err
		}
		return sample.Metrics, p, nil
	}
	sampling, err := e.sampling(student)
	if err != nil {
		return nil, p, err
	}
	sample, err := evaluator.Draw(ctx, sampling)
	if sample != nil && len(sample.Images) >= len(prompts.Images) {
		p.Images = evaluator.Pictures(sample.Images[:len(prompts.Images)])
	}
	if errors.Is(err, protocol.ErrNotNumbers) && student != "" {
		err = fmt.Errorf("%w: the student's pictures: %w", distill.ErrDiverged, err)
	}
	if err != nil {
		return nil, p, err
	}
	return sample.Metrics, p, nil
}

func (w *EngineWorker) open(ctx context.Context, setup protocol.Setup) (*protocol.Evaluator, error) {
	if evaluator := w.evaluators[setup]; evaluator != nil {
		return evaluator, nil
	}
	e, err := w.Engine(ctx)
	if err != nil {
		return nil, err
	}
	evaluator, err := w.newEvaluator(ctx, e.Backend, setup)
	if err != nil {
		return nil, err
	}
	if w.evaluators == nil {
		w.evaluators = map[protocol.Setup]*protocol.Evaluator{}
	}
	w.evaluators[setup] = evaluator
	return evaluator, nil
}

func (w *EngineWorker) newEvaluator(ctx context.Context, backend compute.Backend, setup protocol.Setup) (*protocol.Evaluator, error) {
	in := w.Inputs
	if in.Published == nil {
		return protocol.NewEvaluator(ctx, backend, in.Bundle, in.Data, setup)
	}
	if w.extractors == nil {
		x, err := in.Published.Open(ctx, backend)
		if err != nil {
			return nil, err
		}
		w.extractors = &x
	}
	return protocol.NewEvaluatorBy(ctx, pipeline.New(backend, in.Base()), *w.extractors, in.Data, setup)
}

// Close frees what was compiled. The engine is the caller's.
func (w *EngineWorker) Close() {
	w.trainer.Close()
	for _, evaluator := range w.evaluators {
		evaluator.Close()
	}
	clear(w.evaluators)
	if w.extractors != nil {
		w.extractors.Close()
		w.extractors = nil
	}
}
