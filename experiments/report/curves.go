package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// smoothed is the number of logged lines in the running mean of a curve.
const smoothed = 8

// curvesOf draws the trainings behind a table, each cell's first seed: how often the discriminator is right on generated pictures, and
// how much the student's pictures vary. Tables without runs beside them have none.
func curvesOf(dir string, t report.Table) (pictures []report.Picture, err error) {
	right := report.Curves{Title: "The discriminator on generated pictures", YLabel: "share of tokens told right", Smooth: smoothed}
	varied := report.Curves{Title: "Variance of the student's pictures", YLabel: "variance over a batch, mean over pixels", Smooth: smoothed}
	seen := map[string]bool{}
	for _, r := range t.Rows {
		if len(r.BySeed) == 0 || r.BySeed[0].Run == "" || seen[r.BySeed[0].Run] {
			continue
		}
		run := r.BySeed[0].Run
		seen[run] = true
		lines, err := record.ReadLines[map[string]record.Number](filepath.Join(filepath.Dir(dir), "runs", run, "metrics.jsonl"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var steps []int
		var accuracy, variance []float64
		for _, l := range lines {
			steps = append(steps, int(l["step"]))
			accuracy, variance = append(accuracy, float64(l["acc_fake"])), append(variance, float64(l["pixel_var"]))
		}
		right.Curves = append(right.Curves, report.Curve{Name: r.Name, Steps: steps, Values: accuracy})
		varied.Curves = append(varied.Curves, report.Curve{Name: r.Name, Steps: steps, Values: variance})
	}
	if len(right.Curves) == 0 {
		return nil, nil
	}
	for _, c := range []report.Curves{right, varied} {
		var png bytes.Buffer
		if err := c.PNG(&png); err != nil {
			return nil, err
		}
		pictures = append(pictures, report.Picture{Caption: c.Title + ", first seed of each cell", PNG: png.Bytes()})
	}
	return pictures, nil
}
