package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// smoothed is the number of logged lines in the running mean of a curve.
const smoothed = 8

// curvesOf draws the trainings behind a table, each cell's first seed: how often the discriminator is right on generated pictures, where
// there is one, and how much the student's pictures vary. Tables without runs beside them have none.
func curvesOf(dir string, t report.Table) (pictures []report.Picture, err error) {
	plots, err := trainings(dir, t)
	if err != nil {
		return nil, err
	}
	for _, c := range plots {
		if len(c.Curves) == 0 {
			continue
		}
		var png bytes.Buffer
		if err := c.PNG(&png); err != nil {
			return nil, err
		}
		pictures = append(pictures, report.Picture{Caption: c.Title + ", first seed of each cell", PNG: png.Bytes()})
	}
	return pictures, nil
}

func trainings(dir string, t report.Table) ([]report.Curves, error) {
	right := report.Curves{Title: "The discriminator on generated pictures", YLabel: "share of tokens told right", Smooth: smoothed}
	varied := report.Curves{Title: "Variance of the student's pictures", YLabel: "variance over a batch, mean over pixels", Smooth: smoothed}
	seen := map[string]bool{}
	for _, r := range t.Rows {
		if len(r.BySeed) == 0 || r.BySeed[0].Run == "" || seen[r.BySeed[0].Run] {
			continue
		}
		name := r.BySeed[0].Run
		seen[name] = true
		run := filepath.Join(filepath.Dir(dir), "runs", name)
		lines, err := record.ReadLines[map[string]record.Number](filepath.Join(run, "metrics.jsonl"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var asked distill.RunConfig
		if err := record.ReadJSON(filepath.Join(run, "config.json"), &asked); err != nil {
			return nil, err
		}
		if asked.Distill.Adversarial > 0 { // without a discriminator the log says 0
			right.Curves = append(right.Curves, curve(r.Name, lines, "acc_fake"))
		}
		varied.Curves = append(varied.Curves, curve(r.Name, lines, "pixel_var"))
	}
	return []report.Curves{right, varied}, nil
}

// curve is one number of all lines, with a gap where a line lacks it.
func curve(name string, lines []map[string]record.Number, key string) report.Curve {
	c := report.Curve{Name: name}
	for _, l := range lines {
		value, ok := l[key]
		if !ok {
			value = record.Number(math.NaN())
		}
		c.Steps, c.Values = append(c.Steps, int(l["step"])), append(c.Values, float64(value))
	}
	return c
}
