package main

import (
	"context"
	"fmt"
	"io"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/record"
)

// samplingBatches are one picture at a time, and a batch that fills the machine.
var samplingBatches = []int{1, 64}

// samplingNetworks are the bundle's U-Net and, where it has one, the transformer of equal cost.
var samplingNetworks = []struct{ architecture, net string }{{"U-Net", "teacher"}, {"transformer", "teacher-dit"}}

// sampling times the teacher's solver and a student's steps, and leaves sampling.json and sampling.md.
// A student has its teacher's architecture, so its time is that of unguided passes.
func sampling(ctx context.Context, o options, in inputs, env record.Environment, stdout io.Writer) error {
	r := Report{Title: "network", Unit: "ms per picture", Rounds: o.sampling, Environment: env}
	p := pipeline.New(in.Backend, in.Bundle)
	defer p.Close()
	for _, network := range samplingNetworks {
		if _, ok := in.Bundle.Variants[network.net]; !ok && network.net != "teacher" {
			continue
		}
		for _, batch := range samplingBatches {
			captions, err := in.captions(batch)
			if err != nil {
				return err
			}
			var tools []tool
			add := func(name string, s pipeline.Sampling) {
				task := fmt.Sprintf("%s, batch %d", network.architecture, batch)
				tools = append(tools, tool{task, name, true, func(round int) (float64, float64, error) {
					generator, err := p.Generator(s.For(network.net), batch)
					if err != nil {
						return 0, 0, err
					}
					_, spent, err := generator.Draw(ctx, captions, int64(round))
					return 1000 * spent.Seconds() / float64(batch), 0, err
				}})
			}
			for _, steps := range []int{25, 8, 4, 2} {
				add(fmt.Sprintf("teacher, %d guided steps", steps), pipeline.Teacher(steps, protocol.DefaultSetup(o.scale).Guidance))
			}
			for _, steps := range []int{4, 2, 1} {
				add("student, "+fold.Count(steps, "step"), pipeline.FewSteps("", in.Config.Times, steps, diffusion.Renoise))
			}
			if err := r.takeTurns(ctx, stdout, 1, tools...); err != nil {
				return err
			}
		}
	}
	return r.write(o.out, "sampling", stdout)
}
