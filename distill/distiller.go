package distill

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// Inputs are what a distillation works on.
type Inputs struct {
	Config  Config
	Bundle  *pretrain.Bundle
	Data    dataset.Dataset
	Backend compute.Backend

	// Watch, if set, looks on after every line of metrics: mean holds the means since the line before, save writes the student as it
	// is evaluated. It does not change what is learned.
	Watch func(step int, mean map[string]float64, save func(path string) error) error
}

// RunConfig names a run: the config and everything it starts from.
type RunConfig struct {
	Kind     string            `json:"kind"`
	Distill  Config            `json:"distill"`
	DataHash string            `json:"data_hash"`
	Weights  map[string]string `json:"weights"` // SHA-256 of the networks that the run reads
}

// NewRunConfig describes the run of a config from these networks on this dataset.
func NewRunConfig(cfg Config, b *pretrain.Bundle, data dataset.Dataset) RunConfig {
	used := map[string]string{}
	for _, part := range cfg.Parts() {
		used[part] = b.Files[part]
	}
	return RunConfig{Kind: "distill", Distill: cfg, DataHash: data.Hash(), Weights: used}
}

// StudentFile is the trained student within a run's folder: its average, in full precision.
const StudentFile = "student.safetensors"

// ErrDiverged tells that a training has left the numbers: the result of some cells, not a fault of the program.
var ErrDiverged = errors.New("training diverged")

// distiller holds what all steps share.
type distiller struct {
	cfg       Config
	bundle    *pretrain.Bundle
	backend   compute.Backend
	store     *model.Store // all weights and moments
	schedule  diffusion.Schedule
	weighting diffusion.Weighting
	plain, r1 *model.Exec // without and with the penalty
	feed      *train.Feed
}

// Train runs a distillation to its last step, going on from the run's latest checkpoint, and leaves the student in the run's
// folder. It does not finish the run. Losses that are no numbers give ErrDiverged. A Workshop does the same for several runs.
func Train(ctx context.Context, in Inputs, run *record.Run, progress *train.Progress) error {
	var w Workshop
	defer w.Close()
	return w.Train(ctx, in, run, progress)
}

// train takes the steps of a run and writes its student.
func (d *distiller) train(ctx context.Context, in Inputs, run *record.Run, progress *train.Progress) error {
	health, err := newHealth(run, in.Config)
	if err != nil {
		return err
	}
	save := func(path string) error {
		student, err := weights.FromStore(d.store, "/"+studentEMAScope)
		if err != nil {
			return err
		}
		return weights.Write(path, student, weights.F32)
	}
	watch := func(step int, mean map[string]float64) error {
		if err := health.watch(step, mean); err != nil || in.Watch == nil {
			return err
		}
		return in.Watch(step, mean, save)
	}
	task := train.Task{
		Name: "distill", Store: d.store, Steps: in.Config.Steps, Columns: columns, Step: d.step,
		LogEvery: max(1, min(10, in.Config.Steps/4)), CheckpointEvery: max(1, min(250, in.Config.Steps)), AfterLog: watch,
	}
	progress.SetBatch(in.Config.Batch)
	if err := task.Run(ctx, run, progress); err != nil {
		return err
	}
	return save(filepath.Join(run.Dir(), StudentFile))
}

// Steps prepares the steps of a training that leaves no run, for measurements. close frees what they hold.
func Steps(in Inputs) (step func(ctx context.Context, step int) ([]float64, error), close func(), err error) {
	d, err := open(in)
	if err != nil {
		return nil, nil, err
	}
	return d.step, d.close, nil
}

// open loads the networks and prepares the steps.
func open(in Inputs) (*distiller, error) {
	if err := in.Config.Validate(); err != nil {
		return nil, err
	}
	store, err := newStore(in.Backend, in.Bundle, in.Config)
	if err != nil {
		return nil, err
	}
	d, err := newDistiller(in, store)
	if err != nil {
		store.Finalize()
	}
	return d, err
}

func newDistiller(in Inputs, store *model.Store) (*distiller, error) {
	cfg := in.Config
	d := &distiller{cfg: cfg, bundle: in.Bundle, backend: in.Backend, store: store}
	var err error
	if d.schedule, err = diffusion.ScheduleByName(in.Bundle.Config.Schedule); err != nil {
		return nil, err
	}
	if d.weighting, err = diffusion.WeightingByName(cfg.Weighting); err != nil {
		return nil, err
	}
	exec := func(penalise bool) (*model.Exec, error) {
		s := newStep(cfg, newNets(in.Bundle, cfg), penalise)
		return model.NewExec(in.Backend, store, s.build)
	}
	penalised := cfg.Adversarial > 0 && cfg.Discriminator.R1Weight > 0
	if !penalised || cfg.Discriminator.R1Every > 1 {
		if d.plain, err = exec(false); err != nil {
			return nil, fmt.Errorf("distill: %w", err)
		}
	}
	if penalised {
		if d.r1, err = exec(true); err != nil {
			return nil, fmt.Errorf("distill: %w", err)
		}
	}
	d.feed = newFeed(in)
	return d, nil
}

func newFeed(in Inputs) *train.Feed {
	return train.NewFeed(dataset.NewLoader(in.Data.Train(), in.Config.Batch, in.Config.Seed, "distill"))
}

func (d *distiller) step(ctx context.Context, step int) ([]float64, error) {
	b, err := d.feed.Batch(ctx, step)
	if err != nil {
		return nil, err
	}
	exec := d.plain
	if d.r1 != nil && step%d.cfg.Discriminator.R1Every == 0 {
		exec = d.r1
	}
	values, err := train.Call(exec, d.draw(b, step)...)
	if err != nil {
		return nil, err
	}
	if !train.Finite(values...) {
		return nil, fmt.Errorf("%w at step %d", ErrDiverged, step)
	}
	return values, nil
}

func (d *distiller) close() {
	d.feed.Close()
	for _, e := range []*model.Exec{d.plain, d.r1} {
		if e != nil {
			e.Finalize()
		}
	}
	d.store.Finalize()
}
