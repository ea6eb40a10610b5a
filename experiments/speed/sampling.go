package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// Sampling is sampling.json: how long pictures take that are drawn in turn, a round after another, so that what else the machine does
// falls on all rows alike.
type Sampling struct {
	Rounds      int                `json:"rounds"`
	Environment record.Environment `json:"environment"`
	Rows        []SamplingRow      `json:"rows"`
}

// SamplingRow is one way to draw. A student has its teacher's architecture, so that its times are those of one unguided pass.
type SamplingRow struct {
	Network string    `json:"network"` // in the bundle
	Name    string    `json:"name"`
	Calls   int       `json:"calls"` // of the network for a picture; two for each guided step
	Batch   int       `json:"batch"`
	Seconds []float64 `json:"seconds"` // per picture, of every round

	sampling pipeline.Sampling
}

// samplingBatches are one picture at a time, and a batch that fills the machine.
var samplingBatches = []int{1, 64}

// samplingRows are what is timed of a network: the teacher's solver and a student in its steps.
func samplingRows(network string, guidance float64, times []int) (rows []SamplingRow) {
	for _, batch := range samplingBatches {
		for _, steps := range []int{25, 8, 4, 2} {
			rows = append(rows, SamplingRow{Network: network, Name: fmt.Sprintf("teacher, %d guided steps", steps), Calls: 2 * steps, Batch: batch, sampling: pipeline.Teacher(steps, guidance).For(network)})
		}
		for _, steps := range []int{4, 2, 1} {
			sampling := pipeline.FewSteps("", times, steps, diffusion.Renoise).For(network)
			name := fmt.Sprintf("student, %d steps", steps)
			if steps == 1 {
				name = "student, 1 step"
			}
			rows = append(rows, SamplingRow{Network: network, Name: name, Calls: steps, Batch: batch, sampling: sampling})
		}
	}
	return rows
}

// samplingNetworks are the bundle's U-Net and, where it has one, the transformer of equal cost.
func samplingNetworks(b *pretrain.Bundle) []string {
	networks := []string{"teacher"}
	if v, ok := b.Variants["teacher-dit"]; ok {
		networks = append(networks, v.Name)
	}
	return networks
}

// sampling times all rows and leaves sampling.json and sampling.md.
func sampling(ctx context.Context, o options, in distill.Inputs, env record.Environment, stdout io.Writer) error {
	r := Sampling{Rounds: o.sampling, Environment: env}
	for _, network := range samplingNetworks(in.Bundle) {
		r.Rows = append(r.Rows, samplingRows(network, protocol.DefaultSetup(o.scale).Guidance, in.Config.Times)...)
	}
	p := pipeline.New(in.Backend, in.Bundle)
	defer p.Close()
	var captions []string
	for i := range slices.Max(samplingBatches) {
		sample, err := in.Data.Heldout().Sample(i)
		if err != nil {
			return err
		}
		captions = append(captions, sample.Caption)
	}
	for round := range 1 + o.sampling { // the first compiles
		for i := range r.Rows {
			row := &r.Rows[i]
			generator, err := p.Generator(row.sampling, row.Batch)
			if err != nil {
				return err
			}
			_, spent, err := generator.Draw(ctx, captions[:row.Batch], int64(round))
			if err != nil {
				return err
			}
			if round > 0 {
				row.Seconds = append(row.Seconds, spent.Seconds()/float64(row.Batch))
			}
		}
		if round == 0 {
			fmt.Fprintln(stdout, "compiled")
			continue
		}
		fmt.Fprintf(stdout, "round %d of %d\n", round, o.sampling)
	}
	return write(o.out, "sampling", r, stdout)
}

// faster is how many times less a row takes than the one with the most calls of its network and batch, round by round; that one has none.
func (r Sampling) faster(row SamplingRow) []float64 {
	most := row
	for _, other := range r.Rows {
		if other.Network == row.Network && other.Batch == row.Batch && other.Calls > most.Calls {
			most = other
		}
	}
	if most.Calls == row.Calls {
		return nil
	}
	return ratios(most.Seconds, row.Seconds)
}

// architectures are what readers call the networks of a bundle.
var architectures = map[string]string{"teacher": "U-Net", "teacher-dit": "transformer"}

// Markdown writes medians with their quartiles.
func (r Sampling) Markdown(w io.Writer) {
	fmt.Fprint(w, "| network | sampling | calls of the network | batch | ms per picture | pictures a second | times faster than 25 guided steps |\n|---|---|---:|---:|---:|---:|---:|\n")
	for _, row := range r.Rows {
		ms := column(row.Seconds, func(s float64) float64 { return 1000 * s })
		ratio := "1"
		if faster := r.faster(row); faster != nil {
			ratio = quartiles(faster, 1)
		}
		fmt.Fprintf(w, "| %s | %s | %d | %d | %s | %.4g | %s |\n", architectures[row.Network], row.Name, row.Calls, row.Batch, quartiles(ms, 2), 1/median(row.Seconds), ratio)
	}
	fmt.Fprintf(w, "\nMedians of %d rounds with their quartiles, on %s (%s); every round draws all rows in turn, and ratios are of one round. A student has its teacher's architecture.\n",
		r.Rounds, r.Environment.Device, r.Environment.Engine)
}
