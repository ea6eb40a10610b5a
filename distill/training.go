package distill

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// Inputs are what a distillation works on.
type Inputs struct {
	Config  Config
	Bundle  Base
	Data    dataset.Dataset
	Backend compute.Backend
	Devices int    // of the backend that share every batch; 0 for one. Only rounding depends on it
	Latents string // folder of the latents of pictures, where an autoencoder makes them; "" for the user's cache
	States  string // folder of what text towers say of captions, where latents are diffused; "" for the user's cache
	Pairs   string // folder of the teacher's pairs, where a method learns from them; "" for the user's cache

	// Watch, if set, is called after every line of metrics: mean holds the means since the line before, save writes the student as it
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
func NewRunConfig(cfg Config, b Base, data dataset.Dataset) RunConfig {
	used := map[string]string{}
	for _, part := range cfg.Parts() {
		used[part] = b.Hash(part)
	}
	if _, ok := b.(Autoencoded); ok {
		used[vaeScope] = b.Hash(vaeScope)
	}
	return RunConfig{Kind: "distill", Distill: cfg, DataHash: data.Hash(), Weights: used}
}

// StudentFile is the trained student within a run's folder: its average, in full precision.
const StudentFile = "student.safetensors"

// ErrDiverged reports losses that are not finite: the result of some cells, not a fault of the program.
var ErrDiverged = errors.New("training diverged")

// training is a student in training: the method, its compiled updates and all weights and moments.
type training struct {
	Inputs
	method   Method
	store    *model.Store
	programs map[string]*train.Program // by the update's name
	runs     map[string]int            // of programs, where compile counts them
	devices  *distributed.DeviceMesh
	feed     *train.Feed
	encoder  *encoder // nil in pixels
	states   *states
}

// mesh are the devices that share a batch, of an engine that can train the config.
func (in Inputs) mesh() (*distributed.DeviceMesh, error) {
	if in.Devices > 1 && in.Config.Batch%in.Devices != 0 {
		c := in.Config
		if n := c.passes() * c.Batch / in.Devices; n > 0 && c.passes() > 1 && n*in.Devices == c.passes()*c.Batch {
			return nil, fmt.Errorf("distill: devices = %d, want a divisor of batch = %d; a config {\"batch\": %d, \"accumulate\": %d} has as many pictures in a step", in.Devices, c.Batch, in.Devices, n)
		}
		return nil, fmt.Errorf("distill: devices = %d, want a divisor of batch = %d", in.Devices, c.Batch)
	}
	if in.Config.Precision == BF16 && in.Backend.Name() != "xla" {
		return nil, fmt.Errorf("distill: precision = %q, want an XLA engine for it, not %s", BF16, in.Backend.Name())
	}
	devices, err := train.Devices(in.Backend, max(1, in.Devices))
	if err != nil {
		return nil, fmt.Errorf("distill: %w", err)
	}
	return devices, nil
}

func open(ctx context.Context, in Inputs, progress *train.Progress) (*training, error) {
	devices, err := in.mesh()
	if err != nil {
		return nil, err
	}
	d := &training{Inputs: in, programs: map[string]*train.Program{}, devices: devices, states: &states{}}
	if d.method, err = methodOver(in.Config, in.Bundle, in.Devices, d.states); err != nil {
		return nil, err
	}
	// The teacher may draw pairs for batches, and text towers run: before the training holds its networks.
	source, err := sourceOf(ctx, in, d.method, progress)
	if err != nil {
		return nil, err
	}
	if d.feed, err = newFeed(in.Config, source); err != nil {
		return nil, err
	}
	if err := d.states.open(ctx, in, source, statesLimit, progress); err != nil {
		return nil, err
	}
	if d.store, err = begin(in, d.method, d.states); err != nil {
		d.states.close()
		return nil, err
	}
	if _, pairs := d.method.(sourced); !pairs { // whose latents the teacher draws
		if d.encoder, err = newEncoder(in, d.store, progress.Note); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

// prepare gives the method of a config and all variables that it begins with.
func prepare(in Inputs, kept *states) (Method, *model.Store, error) {
	method, err := methodOver(in.Config, in.Bundle, in.Devices, kept)
	if err != nil {
		return nil, nil, err
	}
	store, err := begin(in, method, kept)
	return method, store, err
}

// begin makes all variables that a method begins with.
func begin(in Inputs, method Method, kept *states) (*model.Store, error) {
	store, err := newStore(in.Backend, in.Bundle, in.Config, !kept.there())
	if err != nil {
		return nil, err
	}
	if err := method.Init(store); err != nil {
		store.Finalize()
		return nil, err
	}
	return store, nil
}

// sourced is a Method whose batches are not the dataset's. Its source may take long to make, and is kept for other runs.
type sourced interface {
	source(ctx context.Context, in Inputs, progress *train.Progress) (dataset.Source, error)
}

// sourceOf is what batches are drawn from.
func sourceOf(ctx context.Context, in Inputs, method Method, progress *train.Progress) (dataset.Source, error) {
	if own, ok := method.(sourced); ok {
		return own.source(ctx, in, progress)
	}
	return in.Data.Train(), nil
}

func newFeed(cfg Config, source dataset.Source) (*train.Feed, error) {
	loader := dataset.NewLoader(source, cfg.Batch, cfg.Seed, "distill")
	if err := loader.PerCaption(cfg.Discriminator.Group()); err != nil {
		return nil, err
	}
	return train.NewFeed(loader), nil
}

// run takes the steps of a run and writes its student.
func (d *training) run(ctx context.Context, run *record.Run, progress *train.Progress) error {
	health, err := run.Lines("health.jsonl")
	if err != nil {
		return err
	}
	save := func(path string) error {
		student, err := weights.FromStore(d.store, "/"+studentEMAScope)
		if err == nil && d.Config.LoRA > 0 {
			student, err = merged(d.Backend, d.store, student)
		}
		if err != nil {
			return err
		}
		return weights.Write(path, student, weights.F32)
	}
	warned := map[string]bool{}
	watch := func(step int, mean map[string]float64) error {
		line := newHealth(mean, d.Config.Adversarial > 0)
		for _, w := range line.Warnings {
			if step <= d.Config.DiscriminatorRate.Warmup || warned[w] { // untrained heads are weak
				continue
			}
			progress.Note(fmt.Sprintf("step %d: %s; health.jsonl has every such line", step, w))
			warned[w] = true
		}
		if err := health.Append(step, line); err != nil || d.Watch == nil {
			return err
		}
		return d.Watch(step, mean, save)
	}
	steps := d.Config.Steps
	task := train.Task{
		Name: "distill", Store: d.store, Frozen: frozenScopes, Steps: steps, Columns: d.method.Losses(), Step: d.step,
		LogEvery: max(1, min(10, steps/4)), CheckpointEvery: max(1, min(250, steps/2)), AfterLog: watch,
	}
	progress.Batch = d.Config.Batch * d.Config.passes()
	if err := task.Run(ctx, run, progress); err != nil {
		return err
	}
	if d.Config.LoRA > 0 {
		if err := writeLoRA(filepath.Join(run.Dir(), LoRAFile), d.store); err != nil {
			return err
		}
	}
	return save(filepath.Join(run.Dir(), StudentFile))
}

// step takes the updates of a step, each on batches of its own, and returns the method's losses: the mean over those that have one.
func (d *training) step(step int) ([]float64, error) {
	sums, counts := map[string]float64{}, map[string]float64{}
	updates := d.method.Updates(step)
	for i, u := range updates {
		for pass := range d.Config.passes() {
			number := ((step-1)*len(updates)+i)*d.Config.passes() + pass + 1
			batch, err := d.batch(number)
			if err != nil {
				return nil, err
			}
			for part := &u; part != nil; part = part.Then {
				program, err := d.program(*part)
				if err != nil {
					return nil, err
				}
				losses, err := program.Call(part.Draw(batch, number))
				if err != nil {
					return nil, err
				}
				for name, x := range losses {
					sums[name] += x
					counts[name]++
				}
			}
		}
	}
	var values []float64
	for _, name := range d.method.Losses() {
		values = append(values, sums[name]/max(1, counts[name]))
	}
	if !train.Finite(values...) {
		return nil, fmt.Errorf("%w at step %d", ErrDiverged, step)
	}
	return values, nil
}

// batch is the one of a number, with latents where they are diffused. Inputs may then be drawn of it.
func (d *training) batch(number int) (dataset.Batch, error) {
	batch, err := d.feed.Batch(number)
	if err == nil {
		err = d.states.read(batch.Captions)
	}
	if err == nil && d.encoder != nil {
		batch.Latents, err = d.encoder.encode(batch)
	}
	return batch, err
}

func (d *training) program(u Update) (*train.Program, error) {
	if p := d.programs[u.Name]; p != nil {
		return p, nil
	}
	p, err := train.NewProgram(d.Backend, d.store, u.Graph)
	if err != nil {
		return nil, fmt.Errorf("distill: %w", err)
	}
	p.Over(d.devices)
	d.programs[u.Name] = p
	return p, nil
}

func (d *training) close() {
	for _, p := range d.programs {
		p.Close()
	}
	d.encoder.close()
	d.states.close()
	d.store.Finalize()
}
