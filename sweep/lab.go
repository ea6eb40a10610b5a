package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// samplesShown is the number of columns of a sample grid.
const samplesShown = 8

// Lab trains and evaluates with real networks. The judge is made when it is first needed.
type Lab struct {
	World  World
	Engine func(ctx context.Context) (*engine.Engine, error) // opens it once, and gives the same one afterwards
	Out    io.Writer

	judge    *protocol.Judge
	workshop distill.Workshop
}

var (
	_ Trainer   = (*Lab)(nil)
	_ Evaluator = (*Lab)(nil)
)

// Environment opens the engine.
func (l *Lab) Environment(ctx context.Context) (record.Environment, error) {
	e, err := l.Engine(ctx)
	if err != nil {
		return record.Environment{}, err
	}
	return record.NewEnvironment(e.Name, e.Version, e.Device), nil
}

// Train implements Trainer.
func (l *Lab) Train(ctx context.Context, cfg distill.Config, run *record.Run) error {
	e, err := l.Engine(ctx)
	if err != nil {
		return err
	}
	in := distill.Inputs{Config: cfg, Bundle: l.World.Bundle, Data: l.World.Data, Backend: e.Backend}
	l.workshop.Keep = e.Keeps()
	return l.workshop.Train(ctx, in, run, train.NewProgress(l.Out))
}

// Evaluate implements Evaluator.
func (l *Lab) Evaluate(ctx context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	j, err := l.open(ctx)
	if err != nil {
		return nil, Pictures{}, err
	}
	prompts := j.Prompts(samplesShown)
	p := Pictures{Captions: prompts.Captions, Images: j.Pictures(prompts.Images)}
	if e.Subject == Real {
		seen, err := j.LookReal(ctx, l.World.Data)
		if err != nil {
			return nil, p, err
		}
		return seen.Metrics, p, nil
	}
	way, err := e.way(student)
	if err != nil {
		return nil, p, err
	}
	seen, err := j.Look(ctx, way)
	if seen != nil {
		p.Images = j.Pictures(seen.Images[:len(prompts.Images)])
	}
	if errors.Is(err, protocol.ErrNotNumbers) && student != "" {
		err = fmt.Errorf("%w: the student's pictures: %w", distill.ErrDiverged, err)
	}
	if err != nil {
		return nil, p, err
	}
	return seen.Metrics, p, nil
}

// open makes the judge of all evaluations.
func (l *Lab) open(ctx context.Context) (*protocol.Judge, error) {
	if l.judge != nil {
		return l.judge, nil
	}
	e, err := l.Engine(ctx)
	if err != nil {
		return nil, err
	}
	l.judge, err = protocol.NewJudge(ctx, e.Backend, l.World.Bundle, l.World.Data, l.World.Setup)
	return l.judge, err
}

// Close frees what was compiled. The engine is the caller's.
func (l *Lab) Close() {
	l.workshop.Close()
	if l.judge != nil {
		l.judge.Close()
		l.judge = nil
	}
}
