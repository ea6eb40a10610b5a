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

// extract times how long a picture takes to become Inception's features, with torch-fidelity's preprocessing.
func extract(ctx context.Context, o options, e *engine.Engine, env record.Environment, stdout, stderr io.Writer) error {
	x, err := extractor.Inception.Open(ctx, extractor.Options{
		Engine: func(context.Context) (compute.Backend, error) { return e.Backend, nil }, Weights: o.weights, Mode: "tf", Batch: o.batch,
	})
	if err != nil {
		return err
	}
	defer x.Close()
	task := fmt.Sprintf("%d pictures of 256×256, batch %d", o.pictures, o.batch)
	r := Report{Title: "Inception features with resizing", Unit: "ms per picture", Rounds: o.rounds, Environment: env}
	all, perPicture := pictures(o.pictures), func(seconds float64) float64 { return 1000 * seconds / float64(o.pictures) }
	var tools []tool
	var theirs []float32
	if o.python != "" {
		args := []string{o.weights, strconv.Itoa(o.pictures), strconv.Itoa(o.batch), strconv.Itoa(side)}
		python, version, err := start(ctx, o.python, "torch and torch-fidelity", fidelity, args, nil, stderr)
		if err != nil {
			return err
		}
		defer python.close()
		tools = append(tools, tool{task, version, false, func(round int) (float64, float64, error) {
			var seconds float64
			err := python.ask("round", &seconds)
			if err == nil && round == 0 {
				err = python.ask("features", &theirs)
			}
			return perPicture(seconds), 0, err
		}})
	}
	var ours eval.Features
	tools = append(tools, tool{task, "this project, " + env.Engine, true, func(int) (float64, float64, error) {
		began := time.Now()
		out, err := x.Extract(ctx, all)
		ours = out.Features
		return perPicture(time.Since(began).Seconds()), 0, err
	}})
	if err := r.takeTurns(ctx, stdout, 1, tools...); err != nil {
		return err
	}
	if o.python != "" {
		most, err := difference(ours, theirs)
		if err != nil {
			return err
		}
		r.Notes = append(r.Notes, fmt.Sprintf("The features differ by at most %.1e of their length.", most))
	}
	return r.write(o.out, "extract", stdout)
}

// side of the pictures, as diffusion models make them.
const side = 256

// pictures are a formula that extract_fidelity.py repeats.
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
