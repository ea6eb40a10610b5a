package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// Timing is what one implementation needs. The keys of Seconds are "teacher" and "add".
type Timing struct {
	Version    string               `json:"version,omitempty"` // of PyTorch
	Parameters map[string]int       `json:"parameters"`        // of every network
	Seconds    map[string][]float64 `json:"seconds"`           // of every step
	Compile    map[string]float64   `json:"compile,omitempty"` // seconds of the first step, which compiles
}

// inputs are the networks and data of the training steps.
func (o options) inputs() (in distill.Inputs, err error) {
	if in.Config, err = distill.DefaultConfig(o.scale); err != nil {
		return in, err
	}
	if in.Bundle, err = pretrain.LoadBundle(o.pretrained); err != nil {
		return in, err
	}
	in.Data, err = dataset.Open(in.Bundle.Config.Data, in.Bundle.Config.Size, nil)
	return in, err
}

// steps times training steps and leaves speed.json and speed.md.
func steps(ctx context.Context, o options, in distill.Inputs, env record.Environment, stdout, stderr io.Writer) (err error) {
	r := Report{Steps: o.steps, Warmup: o.warmup, Environment: env, TeacherBatch: in.Bundle.Config.TeacherTraining.Batch, Batch: in.Config.Batch}
	var torch *peer
	var version string
	if o.python != "" { // it is there before anything is timed
		if torch, err = start(ctx, o.python, "torch for "+r.device(), torchSteps, []string{r.device()}, nil, stderr, &version); err != nil {
			return err
		}
		defer torch.close()
	}
	if r.Ours, err = measure(ctx, in, o, stdout); err != nil {
		return err
	}
	if torch != nil {
		fmt.Fprintln(stdout, "PyTorch: the same steps")
		if r.Torch, err = timeTorch(torch, version, o, in, r.device()); err != nil {
			return err
		}
		if err := sameNetworks(r.Ours, *r.Torch); err != nil {
			return err
		}
	}
	if err := write(o.out, "speed", r, stdout); err != nil || o.memory == 0 {
		return err
	}
	if r.Memory, err = watchMemory(ctx, in, o.memory, stdout); err != nil { // which takes longest: the times are kept already
		return err
	}
	return write(o.out, "speed", r, stdout)
}

// measure times the steps of this project.
func measure(ctx context.Context, in distill.Inputs, o options, out io.Writer) (Timing, error) {
	t := Timing{Parameters: map[string]int{}, Seconds: map[string][]float64{}, Compile: map[string]float64{}}
	for _, part := range []string{"teacher", "text", "features"} {
		store := model.NewStore()
		pretrain.Build(in.Backend, store, part, in.Bundle.Config)
		for v := range store.IterVariables() {
			t.Parameters[part] += v.Shape().Size()
		}
		store.Finalize()
	}

	if err := t.teacher(ctx, in, o, out); err != nil {
		return t, err
	}
	step, done, err := distill.Steps(in)
	if err != nil {
		return t, err
	}
	defer done()
	return t, t.time(ctx, "add", step, o, out)
}

// teacher times the steps of the teacher's training, of which nothing is left when those of ADD are timed.
func (t Timing) teacher(ctx context.Context, in distill.Inputs, o options, out io.Writer) error {
	store := model.NewStore()
	defer store.Finalize()
	if err := in.Bundle.Into(in.Backend, store, "text"); err != nil {
		return err
	}
	cfg := in.Bundle.Config
	cfg.TeacherTraining.Muon = false // PyTorch's side uses AdamW
	c := &pretrain.Trainer{Config: cfg, Backend: in.Backend, Data: in.Data, Words: in.Bundle.Words, PairWords: in.Bundle.PairWords}
	task, err := c.TeacherTask(store)
	if err != nil {
		return err
	}
	defer task.Close()
	return t.time(ctx, "teacher", task.Step, o, out)
}

func (t Timing) time(ctx context.Context, name string, step func(context.Context, int) ([]float64, error), o options, out io.Writer) error {
	for i := 1; i <= o.warmup+o.steps; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		if _, err := step(ctx, i); err != nil {
			return err
		}
		switch seconds := time.Since(began).Seconds(); {
		case i == 1:
			t.Compile[name] = seconds
		case i > o.warmup:
			t.Seconds[name] = append(t.Seconds[name], seconds)
		}
	}
	fmt.Fprintf(out, "%s: %d steps timed\n", name, o.steps)
	return nil
}

// Memory is the resident size of the process after a number of ADD steps.
type Memory struct {
	Step int     `json:"step"`
	MiB  float64 `json:"mib"`
}

// watchMemory looks at the process twenty times during a training.
func watchMemory(ctx context.Context, in distill.Inputs, steps int, out io.Writer) ([]Memory, error) {
	step, done, err := distill.Steps(in)
	if err != nil {
		return nil, err
	}
	defer done()
	var seen []Memory
	every := max(1, steps/20)
	for i := 1; i <= steps; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := step(ctx, i); err != nil {
			return nil, err
		}
		if i%every == 0 {
			mib, err := resident()
			if err != nil {
				return nil, err
			}
			seen = append(seen, Memory{i, mib})
			fmt.Fprintf(out, "memory: step %d/%d, %.0f MiB\n", i, steps, mib)
		}
	}
	return seen, nil
}

// resident is the size of the process in memory, in MiB.
func resident() (float64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("memory is read from /proc, which %s does not have: %w", runtime.GOOS, err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no VmRSS")
}
