package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/score"
	"github.com/addlab/addlab/train"
)

// runVariants trains variants for a bundle and measures them.
func runVariants(ctx context.Context, o options, data dataset.Dataset) error {
	name := filepath.Base(filepath.Clean(o.data))
	b, err := pretrain.LoadBundle(cmp.Or(o.bundle, o.out, pretrain.DefaultDir(name, o.scale)))
	if err != nil {
		return err
	}
	variants, err := pretrain.DefaultVariants(o.scale, b.Config)
	if err == nil && o.variants != "all" {
		variants, err = pretrain.VariantsNamed(variants, strings.Split(o.variants, ","))
	}
	if err != nil {
		return err
	}
	for i := range variants {
		if variants[i].Objective == pretrain.Untrained {
			continue // there is nothing to change
		}
		if o.steps > 0 {
			variants[i].Training.Steps = o.steps
		}
		if o.rate != 0 {
			variants[i].Training.Rate.Peak = o.rate
		}
	}
	if o.dry {
		text, err := json.MarshalIndent(variants, "", "  ")
		fmt.Println(string(text))
		return err
	}
	e, err := engine.Open(ctx, o.engine, os.Stderr)
	if err != nil {
		return err
	}
	defer e.Close()
	fmt.Println("engine:", e)
	b, err = pretrain.RunVariants(ctx, pretrain.VariantOptions{
		Bundle: b, Variants: variants, Runs: o.runs, Data: data, Engine: e, Command: o.command, Out: os.Stdout,
	})
	if err != nil {
		return err
	}
	for _, v := range variants {
		if err := assessVariant(ctx, o, e, b, data, v); err != nil {
			return err
		}
	}
	return nil
}

// assessVariant measures what a variant is good for and writes it beside its weights: features by a linear probe, a teacher by its
// pictures at 25 guided steps.
func assessVariant(ctx context.Context, o options, e *engine.Engine, b *pretrain.Bundle, data dataset.Dataset, v pretrain.Variant) error {
	var quality any
	if v.Part == "features" {
		if _, ok := data.(*dataset.Scenes); !ok {
			return nil // there is nothing to probe for
		}
		c := &pretrain.Context{Config: b.Config, Backend: e.Backend, Data: data, Words: b.Words, PairWords: b.PairWords}
		c.Config.Networks.Features = b.Features(v.Name)
		store := model.NewStore()
		defer store.Finalize()
		if err := b.Load(e.Backend, store, "/features", v.Name); err != nil {
			return err
		}
		accuracy, err := pretrain.DefaultProbe(o.scale).Accuracy(ctx, c, store, train.NewProgress(os.Stdout))
		if err != nil {
			return err
		}
		fmt.Printf("%s: linear probe %v\n", v.Name, accuracy)
		quality = map[string]any{"probe": accuracy}
	} else {
		setup := score.DefaultSetup(o.scale)
		setup.Images = min(1000, setup.Images, data.Heldout().Len()/2)
		setup.Blocks = min(setup.Blocks, setup.Images/2)
		judge, err := score.NewJudge(ctx, e.Backend, b, data, setup)
		if err != nil {
			return err
		}
		defer judge.Close()
		m, _, err := judge.Evaluate(ctx, score.Way{Sampler: diffusion.DPMSolverPP2M{}, Steps: 25, Guidance: setup.Guidance, Net: v.Name})
		if err != nil {
			return err
		}
		fmt.Printf("%s, 25 guided steps, %d pictures: FID %.1f, CLIP score %.4f", v.Name, m.Images, m.FID, m.CLIP)
		if m.Align != nil {
			fmt.Printf(", alignment %.4f", *m.Align)
		}
		fmt.Println()
		quality = map[string]any{"teacher": m}
	}
	dir := filepath.Join(b.Dir, "variants", "quality")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return record.WriteJSON(filepath.Join(dir, v.Name+".json"), quality)
}
