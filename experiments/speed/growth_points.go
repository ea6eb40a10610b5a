package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// onEngine opens networks and engine for do.
func onEngine(ctx context.Context, o options, stderr io.Writer, do func(in inputs) (Point, error)) (Point, error) {
	in, err := o.inputs()
	if err != nil {
		return Point{}, err
	}
	e, err := engine.Open(ctx, o.engine, stderr)
	if err != nil {
		return Point{}, err
	}
	defer e.Close()
	in.Backend = e.Backend
	return do(in)
}

func addStep(ctx context.Context, o options, batch int, stderr io.Writer) (Point, error) {
	return onEngine(ctx, o, stderr, func(in inputs) (Point, error) {
		in.Config.Batch, in.Config.Pure = batch, in.Config.Pure*batch/in.Config.Batch // the same share
		steps, err := distill.Steps(ctx, in.Inputs, train.NewProgress(nil))
		if err != nil {
			return Point{}, err
		}
		defer steps.Close()
		return timed(ctx, o.rounds, func(round int) error { _, err := steps.Step(round + 1); return err })
	})
}

func sideStep(ctx context.Context, o options, side int, stderr io.Writer) (Point, error) {
	return teacherStep(ctx, o, stderr, func(c *pretrain.Config) { c.Size = side })
}

// widthStep keeps the proportions of the widths.
func widthStep(ctx context.Context, o options, width int, stderr io.Writer) (Point, error) {
	return teacherStep(ctx, o, stderr, func(c *pretrain.Config) {
		unet := &c.Networks.UNet
		first := unet.BlockOutChannels[0]
		for i, n := range unet.BlockOutChannels {
			unet.BlockOutChannels[i] = n * width / first
		}
	})
}

// teacherStep trains a teacher from random weights.
func teacherStep(ctx context.Context, o options, stderr io.Writer, change func(*pretrain.Config)) (Point, error) {
	return onEngine(ctx, o, stderr, func(in inputs) (Point, error) {
		cfg := in.Bundle.Config
		cfg.TeacherTraining.Batch = min(8, cfg.TeacherTraining.Batch)
		change(&cfg)
		data, err := dataset.Open(cfg.Data, cfg.Size, nil)
		if err != nil {
			return Point{}, err
		}
		store := model.NewStore()
		defer store.Finalize()
		if err := in.Bundle.Into(in.Backend, store, "text"); err != nil {
			return Point{}, err
		}
		trainer := &pretrain.Trainer{Config: cfg, Backend: in.Backend, Data: data, Words: in.Bundle.Words, PairWords: in.Bundle.PairWords}
		task, err := trainer.Task("teacher", store)
		if err != nil {
			return Point{}, err
		}
		defer task.Close()
		return timed(ctx, o.rounds, func(round int) error { _, err := task.Step(round + 1); return err })
	})
}

// randomFeatures are standard normal: how long the algebra takes does not depend on what it is given.
func randomFeatures(n int, seed uint64) eval.Features {
	const d = 128
	r := rand.New(rand.NewPCG(seed, 0))
	f := eval.Features{N: n, D: d, Data: make([]float32, n*d)}
	for i := range f.Data {
		f.Data[i] = float32(r.NormFloat64())
	}
	return f
}

func fidOf(ctx context.Context, o options, n int, _ io.Writer) (Point, error) {
	a, b := randomFeatures(n, 1), randomFeatures(n, 2)
	return timed(ctx, o.rounds, func(int) error { _, err := eval.FID(a, b); return err })
}

func recallOf(ctx context.Context, o options, n int, _ io.Writer) (Point, error) {
	if n <= eval.PRNeighbours {
		return Point{}, fmt.Errorf("pictures = %d, want > %d", n, eval.PRNeighbours)
	}
	a, b := randomFeatures(n, 1), randomFeatures(n, 2)
	return timed(ctx, o.rounds, func(int) error { _, err := eval.PrecisionRecall(ctx, a, b, eval.PRNeighbours); return err })
}
