package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/train"
)

func (o options) evaluator(ctx context.Context, e *engine.Engine, b *pretrain.Bundle, data dataset.Dataset) (*protocol.Evaluator, error) {
	const pictures = 1000
	return protocol.NewEvaluator(ctx, e.Backend, b, data, protocol.DefaultSetup(o.scale).Within(pictures, data))
}

// assess measures the bundle and writes what it finds beside it.
func assess(ctx context.Context, o options, e *engine.Engine, bundle *pretrain.Bundle, data dataset.Dataset, stdout io.Writer) error {
	evaluator, err := o.evaluator(ctx, e, bundle, data)
	if err != nil {
		return err
	}
	defer evaluator.Close()
	quality, err := protocol.Assess(ctx, evaluator, pretrain.DefaultProbe(o.scale), train.NewProgress(stdout))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := quality.Markdown(&text); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%s", &text)
	if err := samples(ctx, evaluator, filepath.Join(o.out, "samples.png")); err != nil {
		return err
	}
	if err := record.WriteJSON(filepath.Join(o.out, "quality.json"), quality); err != nil {
		return err
	}
	return record.WriteFile(filepath.Join(o.out, "quality.md"), text.Bytes())
}

// samples draws what the teacher makes of held-out captions, beside the real pictures.
func samples(ctx context.Context, e *protocol.Evaluator, path string) error {
	const columns, steps = 8, 25
	prompts := e.First(columns)
	grid := plot.Grid{Columns: prompts.Captions, Rows: []plot.GridRow{{Name: "real", Images: e.Pictures(prompts.Images)}}}
	for _, k := range []int{steps, 1} {
		generator, err := e.Generator(pipeline.Teacher(k, e.Setup.Guidance), e.Setup.Batch)
		if err != nil {
			return err
		}
		pictures, _, err := generator.Draw(ctx, prompts.Captions, e.Setup.Seed)
		if err != nil {
			return err
		}
		grid.Rows = append(grid.Rows, plot.GridRow{Name: fmt.Sprintf("teacher, steps: %d", k), Images: e.Pictures(pictures)})
	}
	return atomicfile.Write(path, grid.PNG)
}

// runVariants trains variants for a bundle, if they are not only to be measured, and measures them.
func runVariants(ctx context.Context, o options, b *pretrain.Bundle, data dataset.Dataset, stdout io.Writer) error {
	var names []string
	if o.variants != "all" {
		names = strings.Split(o.variants, ",")
	}
	variants, err := pretrain.DefaultVariants(o.scale, b.Config, names...)
	if err != nil {
		return err
	}
	for i := range variants {
		if variants[i].Trained() {
			o.change(&variants[i].Training)
		}
	}
	if o.printConfig {
		return program.PrintJSON(stdout, variants)
	}
	if o.assess {
		var names []string
		for _, v := range variants {
			names = append(names, v.Name)
		}
		if err := b.Want(names...); err != nil {
			return err
		}
	}
	e, err := o.start(ctx, data, stdout)
	if err != nil {
		return err
	}
	defer e.Close()
	if !o.assess {
		b, err = pretrain.RunVariants(ctx, b, variants, pretrain.Options{Runs: o.runs, Data: data, Engine: e, Command: o.command, Out: stdout})
		if err != nil {
			return err
		}
	}
	for _, v := range variants {
		if v.Published() && !o.assess { // a probe of a large network takes hours on a processor
			fmt.Fprintf(stdout, "%s: written as it is published; --assess measures it\n", v.Name)
			continue
		}
		if err := assessVariant(ctx, o, e, b, data, v, stdout); err != nil {
			return err
		}
	}
	return nil
}

// assessVariant measures what a variant is good for and writes it beside its weights: features by a linear probe, a teacher by its
// pictures at 25 guided steps.
func assessVariant(ctx context.Context, o options, e *engine.Engine, b *pretrain.Bundle, data dataset.Dataset, v pretrain.Variant, stdout io.Writer) error {
	var quality any
	if v.Part == "features" {
		world, ok := data.(dataset.Labelled)
		if !ok {
			return nil // there is nothing to probe for
		}
		hits, err := pretrain.DefaultProbe(o.scale).Accuracy(ctx, e.Backend, b, v.Name, world, train.NewProgress(stdout))
		if err != nil {
			return err
		}
		rates, err := protocol.NewRates(hits)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, probeLine(v.Name, rates))
		quality = map[string]any{"probe": rates}
	} else {
		evaluator, err := o.evaluator(ctx, e, b, data)
		if err != nil {
			return err
		}
		defer evaluator.Close()
		m, _, err := evaluator.Evaluate(ctx, pipeline.Teacher(25, evaluator.Setup.Guidance).For(v.Name))
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, teacherLine(v.Name, m))
		quality = map[string]any{"teacher": m}
	}
	dir := filepath.Join(b.Dir, "variants", "quality")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return record.WriteJSON(filepath.Join(dir, v.Name+".json"), quality)
}

// probeLine says what a linear layer reads in features: the worst attribute first, then all.
func probeLine(name string, rates protocol.Rates) string {
	var all []string
	for _, attribute := range slices.Sorted(maps.Keys(rates)) {
		all = append(all, fmt.Sprintf("%s %.4f", attribute, rates[attribute].Mean))
	}
	return fmt.Sprintf("%s: linear probe, worst attribute %s; %s", name, rates, strings.Join(all, ", "))
}

func teacherLine(name string, m protocol.Metrics) string {
	line := fmt.Sprintf("%s, 25 guided steps, %d pictures: FID %.1f [%.1f, %.1f], CLIP score %.4f", name, m.Images, m.FID, m.FIDLow, m.FIDHigh, m.CLIP)
	if m.Align != nil {
		line += fmt.Sprintf(", alignment %.4f", *m.Align)
	}
	return line
}
