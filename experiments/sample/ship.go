package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

// shipImages is the number of pictures behind the shipped student's metrics, as behind the bundle's quality.md.
const shipImages = 1000

// ship scores a student in the precision that it is shipped in, one step, and puts it into the bundle with where it came from: as the
// one that is drawn with, or beside it by the name of --as.
func ship(ctx context.Context, o options, s sweep.StudentRun, b *pretrain.Bundle, e *engine.Engine, stdout io.Writer) error {
	cfg := s.Config.Distill
	note := pretrain.Student{About: o.ship, Scale: cfg.Scale, Times: cfg.Times, Form: cfg.Form(), Net: cfg.StudentNet, Teacher: cfg.TeacherNet}
	var err error
	if note.Config, err = os.ReadFile(filepath.Join(s.Dir, "config.json")); err != nil {
		return err
	}
	if err := record.ReadJSON(filepath.Join(s.Dir, "env.json"), &note.Environment); err != nil {
		return err
	}
	if note.Run, err = record.Hash(json.RawMessage(note.Config)); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "ship")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file, err := weights.Read(s.Student())
	if err != nil {
		return err
	}
	half := filepath.Join(temp, "student.safetensors")
	if err := weights.Write(half, file, weights.F16); err != nil {
		return err
	}
	data, err := b.Set(o.set).Open(ctx, b.Config.Size, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return err
	}
	if err := b.MadeFor(data); err != nil {
		return err
	}
	setup := protocol.DefaultSetup(cfg.Scale).Within(shipImages, data)
	setup.Guidance = 0
	evaluator, err := protocol.NewEvaluator(ctx, e.Backend, b, data, setup)
	if err != nil {
		return err
	}
	defer evaluator.Close()
	m, _, err := evaluator.Evaluate(ctx, pipeline.FewSteps(half, cfg.Times, 1, cfg.Form()).For(cfg.StudentNet))
	if err != nil {
		return err
	}
	note.Setup, note.Metrics = setup, m
	where := b.Dir
	if o.as != "" {
		where += " as " + o.as
		err = b.PutVariant(o.as, half, note)
	} else {
		err = b.PutStudent(half, note)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "shipped in %s: FID %.1f, CLIP score %.3f of %d pictures in one step\n", where, m.FID, m.CLIP, m.Images)
	return err
}
