package pretrain

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
)

// VariantOptions say which variants to train for a bundle.
type VariantOptions struct {
	Bundle   *Bundle
	Variants []Variant
	Runs     string // root of the variants' runs
	Data     dataset.Dataset
	Engine   *engine.Engine
	Command  string // for the provenance
	Out      io.Writer
}

// RunVariants trains variants, each as a run of its own that is never repeated, and writes them into the bundle. Variants of the same
// config that are there already stay. It returns the bundle loaded again.
func RunVariants(ctx context.Context, o VariantOptions) (*Bundle, error) {
	b := o.Bundle
	if err := b.MadeFor(o.Data); err != nil {
		return nil, err
	}
	c := &Trainer{Config: b.Config, Backend: o.Engine.Backend, Data: o.Data, Words: b.Words, PairWords: b.PairWords}
	env := record.NewEnvironment(o.Engine.Name, o.Engine.Version, o.Engine.Device)
	for _, v := range o.Variants {
		if err := v.Validate(); err != nil {
			return nil, err
		}
		if err := o.train(ctx, c, v, env); err != nil {
			return nil, err
		}
	}
	return LoadBundle(b.Dir)
}

func (o VariantOptions) train(ctx context.Context, c *Trainer, v Variant, env record.Environment) error {
	cfg, err := c.variantConfig(v, o.Bundle.Files["text"])
	if err != nil {
		return err
	}
	want, err := record.Hash(cfg)
	if err != nil {
		return err
	}
	if have, err := o.Bundle.runOf(v.Name); err != nil || have == want {
		if err == nil {
			fmt.Fprintf(o.Out, "%s: trained already, %s\n", v.Name, o.Bundle.path(v.Name))
		}
		return err
	}
	run, err := openRun(ctx, o.Runs, cfg, env, o.Out, weightsFile)
	if err != nil {
		return err
	}
	defer run.Close()
	if run.Finished() {
		fmt.Fprintf(o.Out, "%s: trained already, %s\n", v.Name, run.Dir())
	} else if err := o.trainIn(ctx, c, v, run); err != nil {
		return err
	}
	store := model.NewStore()
	from := start{files: map[string]string{"/" + v.Name: filepath.Join(run.Dir(), weightsFile)}}
	if err := from.into(store); err != nil {
		return err
	}
	p, err := readProvenance(run.Dir(), o.Command)
	if err != nil {
		return err
	}
	return o.Bundle.writeVariant(v, store, "/"+v.Name, p)
}

func (o VariantOptions) trainIn(ctx context.Context, c *Trainer, v Variant, run *record.Run) error {
	store := model.NewStore()
	if v.Part == "teacher" {
		from := start{files: map[string]string{"/text": o.Bundle.path("text")}}
		if err := from.into(store); err != nil {
			return err
		}
	}
	task, scope, err := c.variantTask(v, store)
	if err != nil {
		return err
	}
	return finish(ctx, run, task, v.Training.Batch, map[string]string{weightsFile: scope}, o.Out)
}
