package distill

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
	"github.com/addlab/addlab/train/optim"
)

// Trainer trains students one after another. It keeps compiled steps, so that another seed of a cell does not compile again: on a GPU
// that takes longer than a short training. What is learned does not depend on what was trained before.
type Trainer struct {
	Keep int // the number of cells whose steps wait for another seed

	idle []*training
}

// Train runs a distillation to its last step, continuing from the run's latest checkpoint, and leaves the student in the run's folder.
// It does not finish the run. Losses that are not finite give ErrDiverged.
func (t *Trainer) Train(ctx context.Context, in Inputs, run *record.Run, progress *train.Progress) error {
	if err := in.Config.Validate(); err != nil {
		return err
	}
	d, err := t.acquire(ctx, in, run, progress)
	if err != nil {
		return err
	}
	defer engine.TrimMemory()
	defer t.release(d)
	return d.run(ctx, run, progress)
}

// Close frees what is kept.
func (t *Trainer) Close() {
	for _, d := range t.idle {
		d.close()
	}
	t.idle = nil
}

// acquire finds the compiled steps of a config, or prepares them. Those with a fake score that began late have moments of it, which an
// earlier checkpoint lacks: a run that resumes does without such steps.
func (t *Trainer) acquire(ctx context.Context, in Inputs, run *record.Run, progress *train.Progress) (*training, error) {
	late := in.Config.Matching != nil && in.Config.Matching.From > 1
	for i, d := range t.idle {
		if !d.fits(in) {
			continue
		}
		if _, _, resumes := run.LatestCheckpoint(); resumes && late {
			continue
		}
		t.idle = slices.Delete(t.idle, i, i+1)
		if err := d.reset(ctx, in, progress); err != nil {
			d.close()
			return nil, err
		}
		return d, nil
	}
	return open(ctx, in, progress)
}

// release keeps the steps after a training, however it ended. Those that wait already stay: a sweep comes to all of its cells again, so
// that with the latest in their place none would be left when its next seed comes.
func (t *Trainer) release(d *training) {
	if len(t.idle) >= t.Keep {
		d.close()
		return
	}
	t.idle = append(t.idle, d)
}

// fits reports whether a config has the same graphs: nothing in them depends on the seed.
func (d *training) fits(in Inputs) bool {
	ours, theirs := d.Config, in.Config
	ours.Seed, theirs.Seed = 0, 0
	same := d.Bundle == in.Bundle && d.Backend == in.Backend && d.Latents == in.Latents && d.States == in.States && max(1, d.Devices) == max(1, in.Devices)
	return same && d.Data.Hash() == in.Data.Hash() && reflect.DeepEqual(ours, theirs)
}

// reset sets every variable to its value before the first step of the config's seed.
func (d *training) reset(ctx context.Context, in Inputs, progress *train.Progress) error {
	method, fresh, err := prepare(in, d.states)
	if err != nil {
		return err
	}
	defer fresh.Finalize()
	for v := range d.store.IterVariables() {
		value, err := initialValue(v, fresh)
		if err != nil {
			return err
		}
		if err := v.SetValue(value); err != nil {
			return fmt.Errorf("distill: %s: %w", v.Path(), err)
		}
	}
	source, err := sourceOf(ctx, in, method, progress)
	if err != nil {
		return err
	}
	feed, err := newFeed(in.Config, source)
	if err != nil {
		return err
	}
	d.Inputs, d.method, d.feed = in, method, feed
	return nil
}

// initialValue is a variable's value before the first step: that of a fresh store, for the student's average the student's, and zero
// for the optimisers' moments.
func initialValue(v *model.Variable, fresh *model.Store) (*tensors.Tensor, error) {
	path := v.Path()
	if optim.Gathered(path) {
		return tensors.FromShape(v.Shape()), nil
	}
	if below, ok := strings.CutPrefix(path, "/"+studentEMAScope+"/"); ok {
		path = "/" + studentScope + "/" + below
	}
	from := fresh.GetVariable(path)
	if from == nil {
		return nil, fmt.Errorf("distill: variable %s has no initial value", v.Path())
	}
	return from.MustValue().LocalClone()
}
