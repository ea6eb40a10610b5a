package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"runtime"

	"github.com/addlab/addlab/distill"
)

//go:embed torch_steps.py
var torchSteps string

// torch times the same steps in PyTorch on a device, "cpu" or "cuda".
func torch(ctx context.Context, o options, in distill.Inputs, device string, stdout, stderr io.Writer) (*Timing, error) {
	summed := 1
	switch cfg := in.Bundle.Config; in.Config.Reduction {
	case distill.Sum:
		summed = cfg.Size * cfg.Size * 3
	case distill.Patch:
		summed = cfg.Networks.Features.Patch * cfg.Networks.Features.Patch * 3
	}
	spec, err := json.Marshal(map[string]any{
		"config": in.Bundle.Config, "discriminator": in.Config.Discriminator, "summed": summed,
		"teacher_batch": in.Bundle.Config.TeacherTraining.Batch, "batch": in.Config.Batch,
		"steps": o.steps, "warmup": o.warmup, "threads": runtime.NumCPU(), "device": device,
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, o.python, "-c", torchSteps)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(spec), &out, stderr
	fmt.Fprintln(stdout, "PyTorch: the same steps")
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("python = %q: %w, want a Python with torch", o.python, err)
	}
	var t Timing
	if err := json.Unmarshal(out.Bytes(), &t); err != nil {
		return nil, fmt.Errorf("PyTorch's answer: %w", err)
	}
	return &t, nil
}

// sameNetworks tells where the two sides do not compute with the same networks.
func sameNetworks(ours, torch Timing) error {
	for name, n := range ours.Parameters {
		if got := torch.Parameters[name]; got != n {
			return fmt.Errorf("%s has %d parameters in PyTorch, want %d as here", name, got, n)
		}
	}
	return nil
}
