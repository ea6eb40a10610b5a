package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/train"
)

// assess measures the bundle and writes what it finds beside it.
func assess(ctx context.Context, o options, e *engine.Engine, bundle *pretrain.Bundle, data dataset.Dataset, stdout io.Writer) error {
	setup := protocol.DefaultSetup(o.scale)
	setup.Images = min(1000, setup.Images, data.Heldout().Len()/2)
	setup.Blocks = min(setup.Blocks, setup.Images/2)
	judge, err := protocol.NewJudge(ctx, e.Backend, bundle, data, setup)
	if err != nil {
		return err
	}
	defer judge.Close()
	quality, err := protocol.Assess(ctx, judge, data, pretrain.DefaultProbe(o.scale), train.NewProgress(stdout))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := quality.Markdown(&text); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%s", &text)
	if err := samples(ctx, judge, filepath.Join(o.out, "samples.png")); err != nil {
		return err
	}
	if err := record.WriteJSON(filepath.Join(o.out, "quality.json"), quality); err != nil {
		return err
	}
	return record.WriteFile(filepath.Join(o.out, "quality.md"), text.Bytes())
}

// samples draws what the teacher makes of held-out captions, beside the real pictures.
func samples(ctx context.Context, judge *protocol.Judge, path string) error {
	const columns, steps = 8, 25
	prompts := judge.Prompts(columns)
	grid := report.Grid{Columns: prompts.Captions, Rows: []report.GridRow{{Name: "real", Images: judge.Pictures(prompts.Images)}}}
	for _, k := range []int{steps, 1} {
		painter, err := judge.NewPainter(protocol.Way{Sampler: diffusion.DPMSolverPP2M{}, Steps: k, Guidance: judge.Setup.Guidance}, judge.Setup.Batch)
		if err != nil {
			return err
		}
		pictures, _, err := painter.Draw(ctx, prompts.Captions, judge.Setup.Seed)
		if err != nil {
			return err
		}
		grid.Rows = append(grid.Rows, report.GridRow{Name: fmt.Sprintf("teacher, steps: %d", k), Images: judge.Pictures(pictures)})
	}
	return report.WriteFile(path, grid.PNG, record.WriteFile)
}
