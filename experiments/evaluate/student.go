package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/sweep"
)

// openRun lists the pictures that a run's student draws for held-out captions. A run keeps no pictures but a few samples: they are drawn
// when the first of them is wanted, from the noise that the ablations use.
func (e *evaluation) openRun(ctx context.Context, dir string) (pictures.Set, *pretrain.Bundle, error) {
	set := pictures.Set{Name: dir, Kind: "run"}
	run, err := sweep.ReadStudentRun(dir)
	if err != nil {
		return set, nil, fmt.Errorf("%w: want the run of a training, with its weights", err)
	}
	if err := run.Check(); err != nil {
		return set, nil, err
	}
	cfg := run.Config.Distill
	bundle, err := run.Bundle(e.pretrained)
	if err != nil {
		return set, nil, err
	}
	form := cfg.Form()
	p, sampling := pipeline.New(nil, bundle), pipeline.FewSteps(run.Student(), cfg.Times, e.steps, form).For(cfg.StudentNet)
	if _, err := p.Plan(sampling); err != nil {
		return set, nil, fmt.Errorf("%w: the student of %s was trained on times %v", err, dir, cfg.Times)
	}
	trained := bundle.Set(e.set)
	if trained.Builtin() { // the columns are those of another input
		trained = dataset.Spec{Name: trained.Name}
	} else if trained.Image != "" || trained.Text != "" {
		set.Tables = 1
	}
	data, err := trained.Open(ctx, bundle.Config.Size, e.warnf)
	if err != nil {
		return set, nil, err
	}
	if data.Hash() != run.Config.DataHash {
		return set, nil, fmt.Errorf("%s was trained on %s, not on %s (%s): say --data", dir, run.Config.DataHash, data.Name(), data.Hash())
	}
	setup := protocol.DefaultSetup(cfg.Scale)
	n := setup.Images
	if e.n > 0 {
		n = e.n
	}
	if have := data.Heldout().Len(); have < n {
		return set, nil, fmt.Errorf("%s has %d held-out captions, want n = %d", data.Name(), have, n)
	}
	sum, err := weights.SHA256(run.Student())
	if err != nil {
		return set, nil, err
	}

	var captions []string
	draw := sync.OnceValues(func() ([]float32, error) {
		return e.draw(e.drawing, p, sampling, captions, setup)
	})
	size := bundle.Config.Size
	area := size * size * 3
	for i := range n {
		sample, err := data.Heldout().Sample(i)
		if err != nil {
			return set, nil, err
		}
		captions = append(captions, sample.Caption)
		parts := []string{"student", sum, strconv.Itoa(e.steps), strconv.FormatInt(setup.Seed, 10), strconv.Itoa(i), sample.Caption}
		if form != diffusion.Renoise {
			parts = append(parts, string(form))
		}
		set.Items = append(set.Items, pictures.Drawn(fmt.Sprintf("%08d", i), sample.Caption, pictures.NewHash(parts...), size, func() ([]float32, error) {
			flat, err := draw()
			if err != nil {
				return nil, err
			}
			pix := flat[i*area : (i+1)*area]
			if slices.ContainsFunc(pix, func(v float32) bool { return v != v }) {
				return nil, fmt.Errorf("the student drew no numbers: it collapsed")
			}
			return pix, nil
		}))
	}
	return set, bundle, nil
}

func (e *evaluation) draw(ctx context.Context, p *pipeline.Pipeline, sampling pipeline.Sampling, captions []string, setup protocol.Setup) ([]float32, error) {
	var err error
	if p.Backend, err = e.backend(ctx); err != nil {
		return nil, err
	}
	generator, err := p.Generator(sampling, min(setup.Batch, len(captions)))
	if err != nil {
		return nil, err
	}
	e.notef("drawing %d pictures", len(captions))
	flat, _, err := generator.Draw(ctx, captions, setup.Seed)
	return flat, err
}
