package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/train"
)

//go:embed torch_networks.py
var torchNetworks string

//go:embed torch_steps.py
var torchSteps string

// torchTiming is the answer of torch_steps.py, by network and by training.
type torchTiming struct {
	Parameters map[string]int       `json:"parameters"`
	Seconds    map[string][]float64 `json:"seconds"`
	First      map[string]float64   `json:"first"` // call, in seconds
}

// drawn is the batch of pictures that a student draws in one step.
const drawn = 64

// inputs are the networks and data of the training steps.
type inputs struct {
	distill.Inputs
	Bundle *pretrain.Bundle
}

func (o options) inputs() (in inputs, err error) {
	if in.Config, err = distill.DefaultConfig(o.scale); err != nil {
		return in, err
	}
	if in.Bundle, err = pretrain.LoadBundle(o.pretrained); err != nil {
		return in, err
	}
	in.Inputs.Bundle = in.Bundle
	in.Data, err = dataset.Open(in.Bundle.Config.Data, in.Bundle.Config.Size, nil)
	return in, err
}

// captions are the first held-out ones.
func (in inputs) captions(n int) (captions []string, err error) {
	for i := range n {
		sample, err := in.Data.Heldout().Sample(i)
		if err != nil {
			return nil, err
		}
		captions = append(captions, sample.Caption)
	}
	return captions, nil
}

// steps times training steps and the drawing of pictures, and leaves speed.json and speed.md.
func steps(ctx context.Context, o options, in inputs, env record.Environment, stdout, stderr io.Writer) error {
	r := Report{Title: "step", Unit: "seconds", Rounds: o.steps, Environment: env}
	device, where := "cpu", "all cores"
	if strings.HasSuffix(env.Engine, ":cuda") {
		device, where = "cuda", "the same GPU, TF32 products on both sides"
	}
	var torch *peer
	var version string
	if o.python != "" { // it is there before anything is timed
		var err error
		if torch, version, err = start(ctx, o.python, "torch for "+device, torchNetworks+torchSteps, []string{device}, nil, stderr); err != nil {
			return err
		}
		defer torch.close()
	}
	if err := teacherSteps(ctx, o, in, &r, stdout); err != nil {
		return err
	}
	in.Config.Muon = false // PyTorch's side uses AdamW
	steps, err := distill.Steps(ctx, in.Inputs, train.NewProgress(nil))
	if err != nil {
		return err
	}
	defer steps.Close()
	add := fmt.Sprintf("ADD: student, teacher, features, heads, R1; batch %d", in.Config.Batch)
	if err := r.takeTurns(ctx, stdout, o.warmup, stepTool(add, env, steps.Step)); err != nil {
		return err
	}
	if err := drawing(ctx, o, in, &r, stdout); err != nil {
		return err
	}
	if torch != nil {
		if err := r.beside(torch, version, o, in, device, stdout); err != nil {
			return err
		}
		r.Notes = append(r.Notes, fmt.Sprintf("PyTorch ran in float32 on %s, after this project.", where))
	}
	if err := r.write(o.out, "speed", stdout); err != nil || o.memory == 0 {
		return err
	}
	note, err := watchMemory(ctx, steps.Step, o.memory, stdout) // which takes longest: the times are kept already
	if err != nil {
		return err
	}
	r.Notes = append(r.Notes, note)
	return r.show(o.out, "speed", stdout)
}

func stepTool(task string, env record.Environment, step func(int) ([]float64, error)) tool {
	return tool{task, "this project, " + env.Engine, true, func(round int) (float64, float64, error) {
		began := time.Now()
		_, err := step(round + 1)
		return time.Since(began).Seconds(), 0, err
	}}
}

// teacherSteps times the steps of the teacher's training, of which nothing is left when those of ADD are timed.
func teacherSteps(ctx context.Context, o options, in inputs, r *Report, stdout io.Writer) error {
	store := model.NewStore()
	defer store.Finalize()
	if err := in.Bundle.Into(in.Backend, store, "text"); err != nil {
		return err
	}
	cfg := in.Bundle.Config
	cfg.TeacherTraining.Muon = false // PyTorch's side uses AdamW
	trainer := &pretrain.Trainer{Config: cfg, Backend: in.Backend, Data: in.Data, Words: in.Bundle.Words, PairWords: in.Bundle.PairWords}
	task, err := trainer.Task("teacher", store)
	if err != nil {
		return err
	}
	defer task.Close()
	return r.takeTurns(ctx, stdout, o.warmup, stepTool(fmt.Sprintf("teacher, batch %d", cfg.TeacherTraining.Batch), r.Environment, task.Step))
}

// drawing times a student's only step, captions to pictures.
func drawing(ctx context.Context, o options, in inputs, r *Report, stdout io.Writer) error {
	p := pipeline.New(in.Backend, in.Bundle)
	defer p.Close()
	g, err := p.Generator(pipeline.FewSteps("", in.Config.Times, 1, diffusion.Renoise), drawn)
	if err != nil {
		return err
	}
	captions, err := in.captions(drawn)
	if err != nil {
		return err
	}
	return r.takeTurns(ctx, stdout, o.warmup, tool{fmt.Sprintf("student draws in one step, batch %d", drawn), "this project, " + r.Environment.Engine, true, func(round int) (float64, float64, error) {
		_, spent, err := g.Draw(ctx, captions, int64(round))
		return spent.Seconds(), 0, err
	}})
}

// beside sets PyTorch's rows, eager and with --compiled compiled, beside those that are there.
func (r *Report) beside(torch *peer, version string, o options, in inputs, device string, stdout io.Writer) error {
	rows, modes := make([][]Row, len(r.Rows)), []bool{false}
	if o.compiled {
		modes = append(modes, true)
	}
	for _, compiled := range modes {
		mode := map[bool]string{false: "eager", true: "compiled"}[compiled]
		fmt.Fprintf(stdout, "PyTorch: the same steps, %s\n", mode)
		theirs, err := timeTorch(torch, o, in, device, compiled)
		if err != nil {
			return err
		}
		if err := sameNetworks(parameters(in), theirs.Parameters); err != nil {
			return err
		}
		for i, key := range []string{"teacher", "add", "draw"} {
			row := Row{Task: r.Rows[i].Task, Tool: fmt.Sprintf("PyTorch %s, %s", version, mode), Times: theirs.Seconds[key]}
			if compiled {
				row.First = theirs.First[key]
			}
			rows[i] = append(rows[i], row)
		}
	}
	for i, row := range r.Rows {
		rows[i] = append(rows[i], row)
	}
	r.Rows = slices.Concat(rows...)
	return nil
}

// parameters counts those of the networks that both sides have.
func parameters(in inputs) map[string]int {
	n := map[string]int{}
	for _, part := range []string{"teacher", "text", "features"} {
		store := model.NewStore()
		pretrain.Build(in.Backend, store, part, in.Bundle.Config)
		for v := range store.IterVariables() {
			n[part] += v.Shape().Size()
		}
		store.Finalize()
	}
	return n
}

// timeTorch has the same steps timed by a PyTorch that waits.
func timeTorch(torch *peer, o options, in inputs, device string, compiled bool) (t torchTiming, err error) {
	summed := 1
	switch cfg := in.Bundle.Config; in.Config.Reduction {
	case distill.Sum:
		summed = cfg.Size * cfg.Size * 3
	case distill.Patch:
		summed = cfg.Networks.Features.Patch * cfg.Networks.Features.Patch * 3
	}
	err = torch.ask(map[string]any{
		"config": in.Bundle.Config, "discriminator": in.Config.Discriminator, "summed": summed,
		"teacher_batch": in.Bundle.Config.TeacherTraining.Batch, "batch": in.Config.Batch,
		"steps": o.steps, "warmup": o.warmup, "threads": runtime.NumCPU(), "device": device,
		"drawn": drawn, "compiled": compiled,
	}, &t)
	if err != nil {
		return t, fmt.Errorf("PyTorch: %w", err)
	}
	return t, nil
}

// sameNetworks refuses to compare networks of other sizes.
func sameNetworks(ours, torch map[string]int) error {
	for name, n := range ours {
		if torch[name] != n {
			return fmt.Errorf("%s has %d parameters in PyTorch, want %d as here", name, torch[name], n)
		}
	}
	return nil
}

// watchMemory looks at the process twenty times during further steps.
func watchMemory(ctx context.Context, step func(int) ([]float64, error), steps int, out io.Writer) (note string, err error) {
	var seen []int
	every := max(1, steps/20)
	for i := 1; i <= steps; i++ {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := step(i); err != nil {
			return "", err
		}
		if i%every == 0 {
			now, _, err := engine.Memory()
			if err != nil {
				return "", err
			}
			mib := int(now >> 20)
			seen = append(seen, mib)
			fmt.Fprintf(out, "memory: step %d/%d, %d MiB\n", i, steps, mib)
		}
	}
	return fmt.Sprintf("Resident memory: %d MiB after step %d, %d MiB after step %d, at most %d MiB.",
		seen[0], every, seen[len(seen)-1], len(seen)*every, slices.Max(seen)), nil
}
