package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

// MethodCost is what training a student by one method costs.
type MethodCost struct {
	Method  string    `json:"method"`
	First   float64   `json:"first"`   // seconds of the first step, which compiles
	Seconds []float64 `json:"seconds"` // of a late step, in rounds
	Passes  float64   `json:"passes"`  // of a picture through the U-Net forwards, for every picture that the student learns from; the mean over the training
	Halves  float64   `json:"halves"`  // the same through its first half alone, which some discriminators look through
	Pairs   float64   `json:"pairs"`   // the same before the training, for pairs of the teacher
	MiB     int       `json:"mib"`     // variables, and what the largest program needs beside them
}

// MethodsReport is methods.json.
type MethodsReport struct {
	Environment record.Environment `json:"environment"`
	Steps       int                `json:"steps"`
	Batch       int                `json:"batch"`
	Methods     []MethodCost       `json:"methods"`
}

// methods costs the cells of the axis method, each training once, and leaves methods.json and methods.md.
func methods(ctx context.Context, o options, in inputs, env record.Environment, stdout io.Writer) error {
	if in.Backend.Name() != "xla" {
		return fmt.Errorf("engine = %q, want an XLA engine with --methods: only XLA tells the memory of a program", env.Engine)
	}
	if net, ok := in.Bundle.Backbone("teacher").(network.Encoder); !ok {
		return fmt.Errorf("pretrained = %q: its teacher is a %T, want a U-Net, whose first half some methods look through", o.pretrained, net)
	}
	r := MethodsReport{Environment: env, Steps: in.Config.Steps, Batch: in.Config.Batch}
	var seen []distill.Config
	for _, cell := range ablations.Method.Cells {
		cfg := cell.Config(in.Config)
		if slices.ContainsFunc(seen, func(other distill.Config) bool { return reflect.DeepEqual(cfg, other) }) {
			continue // another way to draw
		}
		seen = append(seen, cfg)
		m, err := costOf(ctx, in, cell, o.rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", cell.Name, err)
		}
		r.Methods = append(r.Methods, m)
		fmt.Fprintf(stdout, "%s: %s seconds\n", m.Method, quartiles(m.Seconds))
		engine.TrimMemory()
	}
	var text bytes.Buffer
	r.Markdown(&text)
	return leave(o.out, "methods", r, text.Bytes(), stdout)
}

// shortest is a training in which every term of a method begins.
const shortest = 16

// costOf compiles all programs of a method to see what they are, and times the last step of a short training.
func costOf(ctx context.Context, in inputs, cell ablations.Cell, rounds int) (m MethodCost, err error) {
	m.Method = cell.Name
	counting, whole := counted{in.Inputs.Bundle, &passes{}}, in.Inputs
	whole.Bundle, whole.Config = counting, cell.Config(in.Config)
	learned := float64(whole.Config.Steps * whole.Config.Batch)
	by := map[string]passes{}
	programs, err := distill.Compile(ctx, whole, func(program string) { by[program], *counting.passes = *counting.passes, passes{} })
	if err != nil {
		return m, err
	}
	for _, p := range programs.Programs {
		m.Passes += float64(p.Runs*by[p.Name].whole) / learned
		m.Halves += float64(p.Runs*by[p.Name].half) / learned
	}
	m.MiB = int((programs.Variables + programs.Largest().Beyond()) >> 20)
	m.Pairs = float64(pairPasses(whole.Config)) / learned

	short := in.Inputs
	short.Config = cell.Config(in.Config.WithSteps(shortest))
	steps, err := distill.Steps(ctx, short, train.NewProgress(nil))
	if err != nil {
		return m, err
	}
	defer steps.Close()
	p, err := timed(ctx, rounds, func(int) error { _, err := steps.Step(shortest); return err })
	m.First, m.Seconds = p.First, p.Seconds
	return m, err
}

// pairPasses are those of the teacher, which draws the pairs of a training.
func pairPasses(c distill.Config) int {
	pairs := c.TeacherPairs()
	passes := pairs.Count * pairs.Steps
	if diffusion.Guided(c.TeacherGuidance) {
		passes *= 2
	}
	return passes
}

// Markdown writes the costs, and those of a step beside the first method's.
func (r MethodsReport) Markdown(w io.Writer) {
	fmt.Fprint(w, "| method | step, s | of the first's | first step, s | U-Net passes | of its first half | for pairs | memory, MiB |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, m := range r.Methods {
		fmt.Fprintf(w, "| %s | %s | %.2f | %.1f | %.3g | %.3g | %.3g | %d |\n",
			m.Method, quartiles(m.Seconds), median(m.Seconds)/median(r.Methods[0].Seconds), m.First, m.Passes, m.Halves, m.Pairs, m.MiB)
	}
	fmt.Fprintf(w, "\nTrainings of %d steps of %d pictures on %s. Medians of a late step with their quartiles, one method after the other. "+
		"Passes are forwards, each of one picture, for every picture that the student learns from; "+
		"those for pairs are made before, once for all seeds. Memory is that of variables and of the largest program.\n", r.Steps, r.Batch, r.Environment.Device)
}

// passes counts pictures that go through U-Nets.
type passes struct{ whole, half int }

// counted is a base whose U-Nets count while graphs are built.
type counted struct {
	distill.Base
	passes *passes
}

// Backbone implements distill.Base.
func (c counted) Backbone(part string) network.Backbone {
	return countedUNet{c.Base.Backbone(part).(network.Encoder), c.passes}
}

type countedUNet struct {
	network.Encoder
	passes *passes
}

// Apply implements network.Backbone.
func (c countedUNet) Apply(scope *model.Scope, x, timestep, tokens, pooled *Node) *Node {
	c.passes.whole += x.Shape().Dim(0)
	return c.Encoder.Apply(scope, x, timestep, tokens, pooled)
}

// Encode implements network.Encoder.
func (c countedUNet) Encode(scope *model.Scope, x, timestep, tokens, pooled *Node) []*Node {
	c.passes.half += x.Shape().Dim(0)
	return c.Encoder.Encode(scope, x, timestep, tokens, pooled)
}
