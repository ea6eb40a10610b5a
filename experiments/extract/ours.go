package main

import (
	"context"
	"time"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/extractor"
)

// side of the pictures, as diffusion models make them.
const side = 256

// pictures are a formula that fidelity.py repeats: bytes as a network may get them.
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

// ours is this project's extractor, with the preprocessing of torch-fidelity.
type ours struct {
	extractor extractor.Extractor
	pictures  []extractor.RGB
	features  eval.Features
}

func openOurs(ctx context.Context, e *engine.Engine, o options) (*ours, error) {
	x, err := extractor.Inception.Open(ctx, extractor.Options{
		Engine: func(context.Context) (compute.Backend, error) { return e.Backend, nil }, Weights: o.weights, Mode: "tf", Batch: o.batch,
	})
	if err != nil {
		return nil, err
	}
	return &ours{extractor: x, pictures: pictures(o.pictures)}, nil
}

// round extracts all pictures and returns the seconds.
func (o *ours) round(ctx context.Context) (float64, error) {
	start := time.Now()
	out, err := o.extractor.Extract(ctx, o.pictures)
	o.features = out.Features
	return time.Since(start).Seconds(), err
}

func (o *ours) close() { o.extractor.Close() }
