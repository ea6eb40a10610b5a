package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/addlab/addlab/distill"
)

//go:embed torch_steps.py
var torchSteps string

// timeTorch has the same steps timed by a PyTorch that waits.
func timeTorch(torch *peer, version string, o options, in distill.Inputs, device string) (*Timing, error) {
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
	t := Timing{Version: version}
	if err := torch.ask(string(spec), &t); err != nil {
		return nil, fmt.Errorf("PyTorch: %w", err)
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
