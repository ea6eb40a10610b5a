package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/timing"
)

//go:embed fidelity.py
var fidelity string

// peer is torch-fidelity in a Python of its own.
type peer struct {
	*timing.Peer
	version string
}

// answer is a line of fidelity.py.
type answer struct {
	Version  string
	Seconds  float64
	Features []float32
}

func openTheirs(ctx context.Context, o options, stderr io.Writer) (*peer, error) {
	args := []string{o.weights, strconv.Itoa(o.pictures), strconv.Itoa(o.batch), strconv.Itoa(side)}
	var hello answer
	p, err := timing.Start(ctx, o.python, "torch and torch-fidelity", fidelity, args, nil, stderr, &hello)
	return &peer{p, hello.Version}, err
}

// round extracts all pictures and returns the seconds.
func (p *peer) round() (float64, error) {
	var a answer
	err := p.Ask("round", &a)
	return a.Seconds, err
}

// difference is the largest distance of two rows over the length of torch-fidelity's.
func (p *peer) difference(ours eval.Features) (float64, error) {
	var a answer
	if err := p.Ask("features", &a); err != nil {
		return 0, err
	}
	if len(a.Features) != len(ours.Data) {
		return 0, fmt.Errorf("torch-fidelity gives %d numbers, want %d", len(a.Features), len(ours.Data))
	}
	most := 0.0
	for i := range ours.N {
		var diff, size float64
		for j, v := range ours.Row(i) {
			w := float64(a.Features[i*ours.D+j])
			diff, size = diff+(float64(v)-w)*(float64(v)-w), size+w*w
		}
		most = max(most, math.Sqrt(diff/size))
	}
	return most, nil
}
