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
	"github.com/addlab/addlab/report/plot"
)

const smoothed = 8

// watched are the numbers of a training that are drawn, each of the trainings that have it: without a discriminator, say, its log says 0.
var watched = []struct {
	title, y, key string
	of            func(distill.Config) bool
}{
	{"Adversarial loss of the student (ADD eq. 2)", "loss", "g_adv", func(c distill.Config) bool { return c.Adversarial > 0 }},
	{"Distillation loss before λ (ADD eq. 4), or that of consistency in its place", "loss", "distill", func(c distill.Config) bool { return c.Lambda > 0 || c.Consistency != nil }},
	{"The discriminator on generated pictures", "share of tokens told right", "acc_fake", func(c distill.Config) bool { return c.Adversarial > 0 }},
	{"Variance of the student's pictures", "variance over a batch, mean over pixels", "pixel_var", func(distill.Config) bool { return true }},
}

// curves opens each folder of runs once.
type curves map[string]*record.Runs

// of draws the trainings behind the table in a folder, each cell's first seed. Tables without runs beside them have none.
func (c curves) of(dir string, t report.Table) (pictures []report.Picture, err error) {
	beside := filepath.Join(filepath.Dir(dir), "runs")
	if c[beside] == nil {
		if c[beside], err = record.OpenRuns(beside); err != nil {
			return nil, err
		}
	}
	plots, err := trainings(c[beside], t)
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

func trainings(runs *record.Runs, t report.Table) ([]plot.Curves, error) {
	plots := make([]plot.Curves, len(watched))
	for i, w := range watched {
		plots[i] = plot.Curves{Title: w.title, YLabel: w.y, Smooth: smoothed}
	}
	seen := map[string]bool{}
	for _, r := range t.Rows {
		if len(r.BySeed) == 0 || r.BySeed[0].Run == "" || seen[r.BySeed[0].Run] {
			continue
		}
		name := r.BySeed[0].Run
		seen[name] = true
		run, _ := runs.Lookup(name)
		lines, err := run.Curves("metrics.jsonl")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var asked distill.RunConfig
		if err := run.Config(&asked); err != nil {
			return nil, err
		}
		for i, w := range watched {
			if w.of(asked.Distill) {
				plots[i].Curves = append(plots[i].Curves, curve(r.Name, lines, w.key))
			}
		}
	}
	return plots, nil
}

// curve is one number of all lines, with a gap where a line lacks it.
func curve(name string, lines []map[string]record.Number, key string) plot.Curve {
	c := plot.Curve{Name: name}
	for _, l := range lines {
		value, ok := l[key]
		if !ok {
			value = record.Number(math.NaN())
		}
		c.Steps, c.Values = append(c.Steps, int(l["step"])), append(c.Values, float64(value))
	}
	return c
}
