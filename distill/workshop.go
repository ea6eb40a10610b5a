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

// Workshop trains students one after another and keeps compiled steps, so that another seed of a cell does not compile again: on a GPU
// that takes longer than a short training. What is learned does not depend on what was trained before.
type Workshop struct {
	Keep int // the number of cells whose steps wait for another seed

	idle []*distiller
}

// Train is the function Train with what the workshop keeps.
func (w *Workshop) Train(ctx context.Context, in Inputs, run *record.Run, progress *train.Progress) error {
	d, err := w.take(in)
	if err != nil {
		return err
	}
	defer engine.TrimMemory()
	defer w.put(d)
	return d.train(ctx, in, run, progress)
}

// Close frees what is kept.
func (w *Workshop) Close() {
	for _, d := range w.idle {
		d.close()
	}
	w.idle = nil
}

// take finds the compiled steps of a config, or prepares them.
func (w *Workshop) take(in Inputs) (*distiller, error) {
	for i, d := range w.idle {
		if !d.serves(in) {
			continue
		}
		w.idle = slices.Delete(w.idle, i, i+1)
		if err := d.restart(in); err != nil {
			d.close()
			return nil, err
		}
		return d, nil
	}
	return open(in)
}

// put keeps the steps after a training, however it ended. Those that wait already stay: a sweep comes to all of its cells again, so
// that with the latest in their place none would be left when its next seed comes.
func (w *Workshop) put(d *distiller) {
	if len(w.idle) >= w.Keep {
		d.close()
		return
	}
	d.feed.Close()
	w.idle = append(w.idle, d)
}

// serves tells whether a config has the same graphs: nothing in them depends on the seed.
func (d *distiller) serves(in Inputs) bool {
	ours, theirs := d.cfg, in.Config
	ours.Seed, theirs.Seed = 0, 0
	return d.bundle == in.Bundle && d.backend == in.Backend && reflect.DeepEqual(ours, theirs)
}

// restart puts every variable back to what it is before the first step of the config's seed.
func (d *distiller) restart(in Inputs) error {
	fresh, err := newStore(in.Backend, in.Bundle, in.Config)
	if err != nil {
		return err
	}
	defer fresh.Finalize()
	for v := range d.store.IterVariables() {
		value, err := beginning(v, fresh)
		if err != nil {
			return err
		}
		if err := v.SetValue(value); err != nil {
			return fmt.Errorf("distill: %s: %w", v.Path(), err)
		}
	}
	d.cfg, d.feed = in.Config, newFeed(in)
	return nil
}

// beginning is a variable's value before the first step: that of a fresh store, for the student's average the student's, and nothing
// for what the optimisers have gathered.
func beginning(v *model.Variable, fresh *model.Store) (*tensors.Tensor, error) {
	path := v.Path()
	if optim.Gathered(path) {
		return tensors.FromShape(v.Shape()), nil
	}
	if below, ok := strings.CutPrefix(path, "/"+studentEMAScope+"/"); ok {
		path = "/" + studentScope + "/" + below
	}
	from := fresh.GetVariable(path)
	if from == nil {
		return nil, fmt.Errorf("distill: the steps have a variable %s that does not begin anywhere", v.Path())
	}
	return from.MustValue().LocalClone()
}
