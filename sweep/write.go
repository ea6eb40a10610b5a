package sweep

import (
	"path/filepath"
	"time"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/report/plot"
)

// Write puts everything that shows an axis into dir: the table in all its forms, times, bench.txt and samples.png.
func (p *Plan) Write(dir string, axis ablations.Axis, results Results) (paths []string, err error) {
	paths, err = report.WriteAll(dir, p.Table(axis, results), p.Times(axis, results))
	if err != nil {
		return paths, err
	}
	if err := atomicfile.RemoveStale(dir, staleAfter); err != nil {
		return paths, err
	}
	path := filepath.Join(dir, "bench.txt")
	if err := record.WriteFile(path, p.bench(axis, results)); err != nil {
		return paths, err
	}
	paths = append(paths, path)
	grid, err := p.samples(axis, results)
	if err != nil || len(grid.Rows) == 0 {
		return paths, err
	}
	path = filepath.Join(dir, samplesFile)
	return append(paths, path), report.WriteFile(path, grid.PNG)
}

// staleAfter is the age from which a temporary file must be a killed process's, not another's that writes right now.
const staleAfter = 10 * time.Minute

// samples shows the same captions from the same noise: real pictures, the teacher, and each cell's first seed.
func (p *Plan) samples(axis ablations.Axis, results Results) (plot.Grid, error) {
	var names []string
	var shown []Outcome
	add := func(name string, o Outcome) { names, shown = append(names, name), append(shown, o) }
	for _, r := range p.referencesOf(axis) {
		if o, ok := results[r.hashes[0]]; ok && r.subject == Real {
			add("real", o)
		} else if ok && r.subject == Teacher {
			add(r.name, o)
		}
	}
	for _, cell := range axis.Cells {
		if found := p.outcomes(axis, cell, results); len(found) > 0 {
			add(cell.Name, found[0])
		}
	}
	var captions []string
	var rows []plot.GridRow
	for i, name := range names {
		images, err := readPictures(shown[i].Scored)
		if err != nil {
			return plot.Grid{}, err
		}
		if captions == nil {
			captions = shown[i].Captions
		}
		rows = append(rows, plot.GridRow{Name: name, Images: images})
	}
	if captions == nil {
		return plot.Grid{}, nil
	}
	return newGrid(captions, rows...), nil
}
