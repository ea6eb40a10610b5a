package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/record"
)

//go:embed extract_fidelity.py
var fidelity string

// Extraction is extract.json.
type Extraction struct {
	Environment  record.Environment `json:"environment"`
	Pictures     int                `json:"pictures"` // of a round
	Batch        int                `json:"batch"`
	First        float64            `json:"first"` // seconds of the round that compiles
	Ours         []float64          `json:"ours"`  // seconds of every round
	TorchVersion string             `json:"torch_version,omitempty"`
	Torch        []float64          `json:"torch,omitempty"`
	Difference   float64            `json:"difference,omitempty"` // of the features, largest over the pictures, relative
}

// extract times how many pictures a second become Inception's features, with torch-fidelity's preprocessing.
func extract(ctx context.Context, o options, e *engine.Engine, env record.Environment, stdout, stderr io.Writer) error {
	x, err := extractor.Inception.Open(ctx, extractor.Options{
		Engine: func(context.Context) (compute.Backend, error) { return e.Backend, nil }, Weights: o.weights, Mode: "tf", Batch: o.batch,
	})
	if err != nil {
		return err
	}
	defer x.Close()
	r := Extraction{Pictures: o.pictures, Batch: o.batch, Environment: env}
	var torch *peer
	if o.python != "" {
		args := []string{o.weights, strconv.Itoa(o.pictures), strconv.Itoa(o.batch), strconv.Itoa(side)}
		if torch, err = start(ctx, o.python, "torch and torch-fidelity", fidelity, args, nil, stderr, &r.TorchVersion); err != nil {
			return err
		}
		defer torch.close()
	}
	all := pictures(o.pictures)
	var features eval.Features
	for round := range o.rounds + 1 {
		began := time.Now()
		out, err := x.Extract(ctx, all)
		if err != nil {
			return err
		}
		seconds := time.Since(began).Seconds()
		features = out.Features
		fmt.Fprintf(stdout, "round %d: %.2f s", round, seconds)
		var theirs float64
		if torch != nil {
			if err := torch.ask("round", &theirs); err != nil {
				return err
			}
			fmt.Fprintf(stdout, ", torch-fidelity %.2f s", theirs)
		}
		fmt.Fprintln(stdout)
		if round == 0 {
			r.First = seconds
			continue
		}
		r.Ours = append(r.Ours, seconds)
		if torch != nil {
			r.Torch = append(r.Torch, theirs)
		}
	}
	if torch != nil {
		var theirs []float32
		if err := torch.ask("features", &theirs); err != nil {
			return err
		}
		if r.Difference, err = difference(features, theirs); err != nil {
			return err
		}
	}
	return write(o.out, "extract", r, stdout)
}

// side of the pictures, as diffusion models make them.
const side = 256

// pictures are a formula that extract_fidelity.py repeats: bytes as a network may get them.
func pictures(n int) []extractor.RGB {
	all := make([]extractor.RGB, n)
	for k := range all {
		pix := make([]uint8, side*side*3)
		for i := range pix {
			pix[i] = uint8((i/3%side)*(k+1) + (i/3/side)*(i%3+1))
		}
		all[k] = extractor.RGB{Width: side, Height: side, Pix: pix}
	}
	return all
}

// difference is the largest distance of two rows over the length of torch-fidelity's.
func difference(ours eval.Features, theirs []float32) (float64, error) {
	if len(theirs) != len(ours.Data) {
		return 0, fmt.Errorf("torch-fidelity gives %d numbers, want %d", len(theirs), len(ours.Data))
	}
	most := 0.0
	for i := range ours.N {
		var diff, size float64
		for j, v := range ours.Row(i) {
			w := float64(theirs[i*ours.D+j])
			diff, size = diff+(float64(v)-w)*(float64(v)-w), size+w*w
		}
		most = max(most, math.Sqrt(diff/size))
	}
	return most, nil
}

// Markdown writes pictures a second and their ratio.
func (r Extraction) Markdown(w io.Writer) {
	speed := func(seconds []float64) string {
		return extremes(column(seconds, func(s float64) float64 { return float64(r.Pictures) / s }), 2)
	}
	fmt.Fprintf(w, "| Inception features of 256×256 pictures | pictures/s | ratio |\n|---|---|---|\n")
	fmt.Fprintf(w, "| this project, %s | %s | |\n", r.Environment.Engine, speed(r.Ours))
	other := " torch-fidelity was not measured."
	if len(r.Torch) > 0 {
		fmt.Fprintf(w, "| %s | %s | %.2f |\n", r.TorchVersion, speed(r.Torch), median(r.Torch)/median(r.Ours))
		other = fmt.Sprintf(" Ratio: this project's speed over torch-fidelity's. The features differ by at most %.1e of their length.", r.Difference)
	}
	fmt.Fprintf(w, "\nMedians of %d rounds of %d pictures in batches of %d, with the slowest and the fastest round, on %s; resizing is included, the rounds take turns.",
		len(r.Ours), r.Pictures, r.Batch, r.Environment.Device)
	fmt.Fprintf(w, " The first round of this project, which compiles, took %.1f s.%s\n", r.First, other)
}
