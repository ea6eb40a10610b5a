package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/train"
)

// assessed is the number of pictures behind the assessment of a bundle.
const assessed = 1000

// assess measures the bundle and writes what it finds beside it.
func assess(ctx context.Context, o options, e *engine.Engine, bundle *pretrain.Bundle, data dataset.Dataset, stdout io.Writer) error {
	setup := protocol.DefaultSetup(o.scale).Within(assessed, data)
	evaluator, err := protocol.NewEvaluator(ctx, e.Backend, bundle, data, setup)
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
	return report.WriteFile(path, grid.PNG)
}
