package main

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
	"github.com/addlab/addlab/sweep"
)

const smoothed = 8

const metricsFile = "metrics.jsonl"

func always(distill.Config) bool { return true }

// watched are the numbers of a training that are drawn, each of the trainings that have it: without a discriminator, say, its log says 0.
var watched = []struct {
	title, y, file, key string
	of                  func(distill.Config) bool
}{
	{"Adversarial loss of the student (ADD eq. 2)", "loss", metricsFile, "g_adv", func(c distill.Config) bool { return c.Adversarial > 0 }},
	{"Distillation loss before λ (ADD eq. 4), or that of consistency in its place", "loss", metricsFile, "distill", func(c distill.Config) bool { return c.Lambda > 0 || c.Consistency != nil }},
	{"The discriminator on generated pictures", "share of tokens told right", metricsFile, "acc_fake", func(c distill.Config) bool { return c.Adversarial > 0 }},
	{"The discriminator on pictures from pure noise", "area under the curve, over pictures", metricsFile, "auc_pure", func(c distill.Config) bool { return c.Adversarial > 0 }},
	{"Variance of the student's pictures", "variance over a batch, mean over pixels", metricsFile, "pixel_var", always},
	{"FID in training, few pictures", "FID", sweep.WatchFile, "fid", always},
	{"Drawing FID in training, few pictures", "drawing FID", sweep.WatchFile, "drawing_fid", always},
	{"Imbalance in training, few pictures", "imbalance", sweep.WatchFile, "imbalance", always},
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
		picture, err := report.NewPicture(c.Title+", first seed of each cell", c)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, picture)
	}
	return pictures, nil
}

func trainings(runs *record.Runs, t report.Table) ([]plot.Curves, error) {
	plots := make([]plot.Curves, len(watched))
	for i, w := range watched {
		plots[i] = plot.Curves{Title: w.title, YLabel: w.y}
		if w.file == metricsFile {
			plots[i].Smooth = smoothed
		}
	}
	seen := map[string]bool{"": true}
	for _, r := range t.Rows {
		if len(r.BySeed) == 0 || seen[r.BySeed[0].Run] {
			continue
		}
		seen[r.BySeed[0].Run] = true
		run, _ := runs.Lookup(r.BySeed[0].Run)
		files := map[string][]map[string]record.Number{}
		for _, name := range []string{metricsFile, sweep.WatchFile} {
			lines, err := run.Curves(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			files[name] = lines
		}
		if len(files[metricsFile]) == 0 {
			continue
		}
		var asked distill.RunConfig
		if err := run.Config(&asked); err != nil {
			return nil, err
		}
		for i, w := range watched {
			lines := files[w.file]
			logs := func(l map[string]record.Number) bool { _, ok := l[w.key]; return ok }
			if w.of(asked.Distill) && slices.ContainsFunc(lines, logs) {
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
